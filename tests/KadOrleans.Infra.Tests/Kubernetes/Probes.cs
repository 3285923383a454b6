namespace KadOrleans.Infra.Tests.Kubernetes;

/// <summary>Which probe asks what.</summary>
internal static class Probes
{
    public static readonly IReadOnlyList<(string Probe, string Path)> Expected =
        [("startupProbe", "/health/live"), ("livenessProbe", "/health/live"), ("readinessProbe", "/health/ready")];
}
