output "address" {
  description = "The address that it is called at, once those who call may."
  value       = var.address

  depends_on = [google_cloud_run_v2_service_iam_member.invokers]
}

output "service" {
  description = "Its Cloud Run service, once those who call may."
  value = {
    name   = google_cloud_run_v2_service.this.name
    region = google_cloud_run_v2_service.this.location
  }

  depends_on = [google_cloud_run_v2_service_iam_member.invokers]
}
