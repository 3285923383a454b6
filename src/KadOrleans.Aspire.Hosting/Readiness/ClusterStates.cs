using System.Collections.Concurrent;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace KadOrleans.Aspire.Hosting;

/// <summary>The last state of each process of a cluster. For several threads.</summary>
internal sealed class ClusterStates
{
    // By the process: a project may have several.
    private readonly ConcurrentDictionary<string, (IResource Resource, CustomResourceSnapshot Snapshot)> _last = new();

    public void Record(ResourceEvent update) => _last[update.ResourceId] = (update.Resource, update.Snapshot);

    /// <summary>The state of the whole: that of its silos. Null while there is nothing to say.</summary>
    public string? StateOf(KadClusterResource cluster)
    {
        var states = Of(cluster.Silos).Select(snapshot => snapshot.State?.Text).ToList();
        return states.Contains(KnownResourceStates.Running) ? KnownResourceStates.Running
            : states.Count > 0 && states.All(state => KnownResourceStates.TerminalStates.Contains(state)) ? KnownResourceStates.Exited
            : null;
    }

    /// <summary>Healthy: all processes are ready. Degraded: a silo and an edge are. The description names the others.</summary>
    public HealthCheckResult HealthOf(KadClusterResource cluster)
    {
        var others = cluster.Members.Select(member => member.Resource).Where(resource => !IsReady(resource))
            .Select(resource => $"{resource.Name} is {Describe(resource)}").ToList();
        return others.Count == 0 ? HealthCheckResult.Healthy("All silos and edges are ready.")
            : cluster.Silos.Any(IsReady) && cluster.Edges.Any(IsReady) ? HealthCheckResult.Degraded(Sentence())
            : HealthCheckResult.Unhealthy(Sentence());

        string Sentence() => $"{string.Join(", ", others)}.";
    }

    private bool IsReady(IResource resource) => Of([resource]).ToList() is { Count: > 0 } snapshots && snapshots.All(IsReady);

    private static bool IsReady(CustomResourceSnapshot snapshot) =>
        snapshot.State?.Text == KnownResourceStates.Running && snapshot.HealthStatus == HealthStatus.Healthy;

    private string Describe(IResource resource) => Of([resource]).FirstOrDefault(snapshot => !IsReady(snapshot)) switch
    {
        null => "not started",
        { ExitCode: { } code, State.Text: { } state } when KnownResourceStates.TerminalStates.Contains(state) => $"{state} with code {code}",
        { State.Text: { } state } when state != KnownResourceStates.Running => state,
        _ => "not ready",
    };

    private IEnumerable<CustomResourceSnapshot> Of(IReadOnlyList<IResource> resources) =>
        _last.Values.Where(entry => resources.Contains(entry.Resource)).Select(entry => entry.Snapshot);
}
