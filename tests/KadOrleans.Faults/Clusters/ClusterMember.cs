using KadOrleans.Testing.Clusters;

namespace KadOrleans.Faults.Clusters;

/// <summary>A silo or an edge, and where it serves its health.</summary>
/// <param name="Name">What reports call it.</param>
/// <param name="Server">Its process.</param>
/// <param name="Http">Where its pages are.</param>
internal sealed record ClusterMember(string Name, RestartableServer Server, Uri Http)
{
    /// <summary>Why it says that it cannot serve; null if it can.</summary>
    public async Task<string?> FindObstacleAsync(HttpClient http, CancellationToken cancellationToken)
    {
        try
        {
            using var answer = await http.GetAsync(new Uri(Http, "/health/ready"), cancellationToken);
            return answer.IsSuccessStatusCode ? null : $"{Name} is not ready: {await answer.Content.ReadAsStringAsync(cancellationToken)}";
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return $"{Name} does not answer over HTTP: {e.Message}";
        }
    }
}
