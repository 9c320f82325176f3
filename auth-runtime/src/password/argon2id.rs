//! Argon2id hashes. In: their PHC strings, or random bytes. Out: what they cost, whether that is
//! still the policy's cost, and whether a password is theirs.

use argon2::{
    Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version,
    password_hash::{
        self,
        phc::{Output, ParamsString, PasswordHash as Phc, Salt},
    },
};
use auth_policy::settings::Argon2Cost;

use super::PasswordError;

/// Salt in bytes: what RFC 9106 recommends.
const SALT_BYTES: usize = 16;

/// Hash in bytes: 256 bits.
const OUTPUT_BYTES: usize = 32;

/// The most a stored hash may cost where the policy's cost is lower: a damaged or planted one must
/// not take the machine.
const CEILING: Argon2Cost = Argon2Cost { memory_kib: 1024 * 1024, iterations: 64, parallelism: 16 };

/// The parameters of new hashes.
pub(super) fn params(cost: Argon2Cost) -> Result<Params, PasswordError> {
    Params::new(cost.memory_kib, cost.iterations, cost.parallelism, Some(OUTPUT_BYTES))
        .map_err(|_| PasswordError::Cost)
}

/// Argon2id of version 19, with salt and hash.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Argon2id(Phc);

impl Argon2id {
    /// The hash of a new password, with a salt of its own. Takes as long as the parameters ask.
    pub(super) fn of(password: &str, params: Params) -> Result<Self, PasswordError> {
        let mut salt = [0; SALT_BYTES];
        aws_lc_rs::rand::fill(&mut salt).map_err(|_| PasswordError::Internal)?;
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_with_salt(password.as_bytes(), &salt)
            .map(Self)
            .map_err(|_| PasswordError::Internal)
    }

    /// A hash at that cost which no password has: both salt and hash are random.
    pub(super) fn of_nobody(params: &Params) -> Result<Self, PasswordError> {
        let mut random = [0; SALT_BYTES + OUTPUT_BYTES];
        aws_lc_rs::rand::fill(&mut random).map_err(|_| PasswordError::Internal)?;
        let (salt, output) = random.split_at(SALT_BYTES);
        Ok(Self(Phc {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(params).map_err(|_| PasswordError::Cost)?,
            salt: Some(Salt::new(salt).map_err(|_| PasswordError::Internal)?),
            hash: Some(Output::new(output).map_err(|_| PasswordError::Internal)?),
        }))
    }

    /// Reads a PHC string, if it is one of ours.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let phc = Phc::new(text).ok()?;
        let ours = phc.algorithm == Algorithm::Argon2id.ident()
            && phc.version == Some(Version::V0x13.into())
            && phc.salt.is_some()
            && phc.hash.is_some();
        let hash = Self(phc);
        (ours && hash.params().is_ok()).then_some(hash)
    }

    pub(super) fn to_phc(&self) -> String {
        self.0.to_string()
    }

    /// What verifying takes; `Unreadable` where it is far more than the policy's.
    pub(super) fn bounded_by(&self, current: &Params) -> Result<(), PasswordError> {
        let params = self.params()?;
        if params.m_cost() > current.m_cost().max(CEILING.memory_kib)
            || params.t_cost() > current.t_cost().max(CEILING.iterations)
            || params.p_cost() > current.p_cost().max(CEILING.parallelism)
        {
            return Err(PasswordError::Unreadable);
        }
        Ok(())
    }

    /// Whether a hash made now would be another in kind.
    pub(super) fn is_outdated(&self, current: &Params) -> bool {
        let cost = |params: &Params| {
            (params.m_cost(), params.t_cost(), params.p_cost(), params.output_len())
        };
        let short_salt = self.0.salt.as_ref().is_none_or(|salt| salt.len() < SALT_BYTES);
        short_salt || !self.params().is_ok_and(|params| cost(&params) == cost(current))
    }

    /// Whether this is the hash of the password. Compares in constant time; takes as long as the
    /// hash's own parameters ask.
    pub(super) fn matches(&self, password: &str) -> Result<bool, PasswordError> {
        match Argon2::default().verify_password(password.as_bytes(), &self.0) {
            Ok(()) => Ok(true),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(_) => Err(PasswordError::Internal),
        }
    }

    fn params(&self) -> Result<Params, PasswordError> {
        Params::try_from(&self.0).map_err(|_| PasswordError::Unreadable)
    }
}

#[cfg(test)]
mod tests {
    use argon2::{AssociatedData, ParamsBuilder};

    use super::*;

    /// RFC 9106, section 5.3.
    #[test]
    fn p6_the_vector_of_the_rfc() {
        let data = AssociatedData::new(&[4; 12]).unwrap();
        let params =
            ParamsBuilder::new().m_cost(32).t_cost(3).p_cost(4).data(data).build().unwrap();
        let secret = [3; 8];
        let argon2 =
            Argon2::new_with_secret(&secret, Algorithm::Argon2id, Version::V0x13, params).unwrap();
        let mut tag = [0; 32];
        argon2.hash_password_into(&[1; 32], &[2; 16], &mut tag).unwrap();
        let expected = [
            0x0d, 0x64, 0x0d, 0xf5, 0x8d, 0x78, 0x76, 0x6c, 0x08, 0xc0, 0x37, 0xa3, 0x4a, 0x8b,
            0x53, 0xc9, 0xd0, 0x1e, 0xf0, 0x45, 0x2d, 0x75, 0xb6, 0x5e, 0xb5, 0x25, 0x20, 0xe9,
            0x6b, 0x01, 0xe6, 0x59,
        ];
        assert_eq!(tag, expected);
    }

    /// From the tests of the reference implementation, `phc-winner-argon2`.
    #[test]
    fn p6_a_string_of_the_reference_implementation_is_verified() {
        let text = "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ\
            $bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc";
        let hash = Argon2id::parse(text).unwrap();
        assert_eq!(hash.matches("password"), Ok(true));
        assert_eq!(hash.matches("passwore"), Ok(false));
        assert_eq!(hash.to_phc(), text);
    }
}
