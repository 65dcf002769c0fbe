output "address" {
  description = "The address that it is called at, once those who call may."
  value       = local.address

  depends_on = [google_cloud_run_v2_service_iam_member.invokers]
}

output "hosts" {
  description = "The names of all its hosts."
  value       = [for address in google_cloud_run_v2_service.this.urls : trimprefix(address, "https://")]
}

output "service" {
  description = "Its Cloud Run service, once those who call may."
  value = {
    name   = google_cloud_run_v2_service.this.name
    region = google_cloud_run_v2_service.this.location
  }

  depends_on = [google_cloud_run_v2_service_iam_member.invokers]
}
