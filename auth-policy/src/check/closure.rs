//! What roles come to. In: which role includes which. Out: an order in which every role follows
//! those it includes, and the circles that have none.

/// A walk through the roles, without recursion: includes may be as deep as the file is long.
pub(super) struct Walk<'a> {
    /// For each role, the roles it includes.
    includes: &'a [Vec<u32>],
    state: Vec<State>,
    /// The roles from where the walk began to where it is, each with its next include.
    path: Vec<(u32, usize)>,
    order: Vec<u32>,
    circles: Vec<Circle>,
}

/// Roles that include one another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Circle {
    /// The role, and which of its includes, that closes the circle.
    pub(super) closing: (u32, usize),
    /// The roles of the circle in order; the last one includes the first.
    pub(super) roles: Vec<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Unseen,
    OnPath,
    Done,
}

/// How many circles are described: a role may be part of very many.
const MOST_CIRCLES: usize = 100;

/// The roles in an order that puts every role after those it includes, and the circles. An
/// include that closes a circle is disregarded for the order.
pub(super) fn order(includes: &[Vec<u32>]) -> (Vec<u32>, Vec<Circle>) {
    let mut walk = Walk {
        includes,
        state: vec![State::Unseen; includes.len()],
        path: Vec::new(),
        order: Vec::with_capacity(includes.len()),
        circles: Vec::new(),
    };
    for (role, _) in (0..).zip(includes) {
        walk.from(role);
    }
    (walk.order, walk.circles)
}

impl Walk<'_> {
    fn from(&mut self, role: u32) {
        self.enter(role);
        while let Some((role, next)) = self.path.last_mut() {
            let (role, at) = (*role, *next);
            *next += 1;
            let included = self.includes.get(role as usize).and_then(|list| list.get(at));
            match included {
                Some(included) => self.step(role, at, *included),
                None => self.leave(role),
            }
        }
    }

    fn enter(&mut self, role: u32) {
        if self.state(role) == State::Unseen {
            self.set(role, State::OnPath);
            self.path.push((role, 0));
        }
    }

    fn step(&mut self, role: u32, at: usize, included: u32) {
        if self.state(included) != State::OnPath {
            return self.enter(included);
        }
        if self.circles.len() < MOST_CIRCLES {
            let on_circle = self.path.iter().map(|(role, _)| *role);
            let roles = on_circle.skip_while(|role| *role != included).collect();
            self.circles.push(Circle { closing: (role, at), roles });
        }
    }

    fn leave(&mut self, role: u32) {
        self.path.pop();
        self.set(role, State::Done);
        self.order.push(role);
    }

    fn state(&self, role: u32) -> State {
        self.state.get(role as usize).copied().unwrap_or(State::Done)
    }

    fn set(&mut self, role: u32, state: State) {
        if let Some(slot) = self.state.get_mut(role as usize) {
            *slot = state;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn included_roles_come_first() {
        let (order, circles) = order(&[vec![1, 2], vec![2], vec![]]);
        assert_eq!((order, circles), (vec![2, 1, 0], vec![]));
    }

    #[test]
    fn a_circle_is_found_with_its_path() {
        let (order, circles) = order(&[vec![1], vec![2], vec![1]]);
        assert_eq!(order.len(), 3);
        assert_eq!(circles, [Circle { closing: (2, 0), roles: vec![1, 2] }]);
    }

    #[test]
    fn depth_costs_no_stack() {
        let chain: Vec<_> = (1..100_000).map(|next| vec![next]).chain([vec![]]).collect();
        assert_eq!(order(&chain).0.len(), 100_000);
    }
}
