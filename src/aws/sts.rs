//! STS: who am I.

use aws_sdk_sts::Client;

use super::{fault, pages::missing};
use crate::core::{fact::Identity, fault::Fault};

pub(super) const OPERATION: &str = "sts:GetCallerIdentity";

pub(super) async fn identity(client: &Client) -> Result<Identity, Fault> {
    let output = client.get_caller_identity().send().await.map_err(fault::on(OPERATION, ""))?;
    match (output.account, output.arn) {
        (Some(account), Some(arn)) => Ok(Identity {
            account: account.into(),
            arn: arn.into(),
        }),
        _ => Err(missing(OPERATION, "", "account")),
    }
}
