use auth_runtime::Router;
use tokio::net::TcpListener;

async fn unprotected(listener: TcpListener, router: Router) {
    router.serve(listener).await;
}

fn main() {}
