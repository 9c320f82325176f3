//! JSON Web Tokens: keys, issuing, verifying.
