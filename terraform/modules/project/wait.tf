# An agent that was asked for is not there at once, and a role is refused to one that is not.
resource "time_sleep" "agents" {
  create_duration = "30s"

  triggers = {
    agents = join(",", [for identity in google_project_service_identity.this : identity.service])
  }
}

# Two things take effect later than Google answers: an API that was enabled, and a role of an agent. Without the wait a trigger's
# creation ends with "Permission denied while using the Eventarc Service Agent" (hashicorp/terraform-provider-google#25294).
resource "time_sleep" "settle" {
  create_duration = var.settle_duration

  # An API or an agent that is added later is waited for as well.
  triggers = {
    agents   = join(",", [for member in google_project_iam_member.agent : "${member.role} ${member.member}"])
    services = join(",", [for service in google_project_service.this : service.service])
  }
}
