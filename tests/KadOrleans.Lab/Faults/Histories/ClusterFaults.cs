using System.Net.Http.Json;

namespace KadOrleans.Lab;

/// <summary>
/// What befalls a cluster while histories are recorded: a campaign's faults, rolling restarts, doublings of its shards, and cuts where it has a
/// network of its own.
/// </summary>
internal sealed class ClusterFaults(FaultyCluster cluster, MemberNetwork? network, StaleMembers stale, HttpClient management, ProgressLog log)
{
    // Each doubles the work of whatever is done for all shards.
    private const int MaxDoublings = 2;

    /// <summary>Chooses faults. Each has its turn before any comes again, but for doublings.</summary>
    public IReadOnlyList<HistoryFault> Plan(int seed, int faults, TimeSpan longest)
    {
        var random = new Random(seed);
        var members = new FaultMembers(cluster.Silos.Count, cluster.Edges.Count, cluster.Storage.Faults.Keys);
        var planned = new List<HistoryFault>();
        for (var turn = 0; planned.Count < faults; turn++)
        {
            HistoryFault[] some =
            [
                .. FaultPlan.Create(random.Next(), members.Kinds, members, longest).Select(OfCampaign),
                new("rolling restart", TimeSpan.Zero, new(RestartAllAsync, () => Task.CompletedTask)),
                .. turn < MaxDoublings ? [new("doubling of the shards", TimeSpan.Zero, new(DoubleAsync, () => Task.CompletedTask))] : (HistoryFault[])[],
                .. Cuts(random).Select(cut => cut.ToFault(DurationOf(random, longest), stale, log)),
            ];
            random.Shuffle(some);
            planned.AddRange(some);
        }

        return planned.GetRange(0, faults);
    }

    private static TimeSpan DurationOf(Random random, TimeSpan longest) =>
        TimeSpan.FromSeconds(Math.Round(1 + (random.NextDouble() * Math.Max(0, longest.TotalSeconds - 1)), 1));

    private HistoryFault OfCampaign(Fault fault)
    {
        var actions = fault.ActionsOn(cluster);
        return new HistoryFault(
            $"{fault.Kind.ToString().ToLowerInvariant()} of {fault.TargetName}",
            fault.Duration,
            fault.Kind == FaultKind.Freeze ? stale.Of([fault.TargetName], actions) : actions);
    }

    private IEnumerable<Cut> Cuts(Random random)
    {
        if (network is null || cluster.Silos.Count < 2)
        {
            yield break;
        }

        // Of silos that do not reach each other any may be declared dead.
        string[] silos = [.. cluster.Silos.Select(silo => silo.Name)];
        var (one, other, both) = (Silo(), Silo(), Silo());
        yield return new Cut($"cut of {one.Name} from the database", one, [network.Database], [one.Name]);
        yield return new Cut($"cut of {other.Name} from other silos", other, OthersThan(other), silos);
        yield return new Cut($"cut of {both.Name} from the database and other silos", both, [network.Database, .. OthersThan(both)], silos);
        var edge = cluster.Edges[random.Next(cluster.Edges.Count)];
        yield return new Cut($"cut of {edge.Name} from the silos", edge, [.. cluster.Silos.Select(silo => silo.Server.Host)], []);

        ClusterMember Silo() => cluster.Silos[random.Next(cluster.Silos.Count)];

        IReadOnlyList<MemberHost> OthersThan(ClusterMember silo) => [.. cluster.Silos.Where(member => member != silo).Select(member => member.Server.Host)];
    }

    // Each serves before the next one stops; the restart ends where one does not.
    private async Task RestartAllAsync()
    {
        for (var i = 0; i < cluster.Silos.Count; i++)
        {
            var (beginAsync, endAsync) = new Fault(FaultKind.Stop, FaultTarget.Silo, i, TimeSpan.Zero).ActionsOn(cluster);
            await beginAsync();
            await endAsync();
            if (!await cluster.BecomesHealthyAsync(CancellationToken.None))
            {
                return;
            }
        }
    }

    // It goes on by itself, through what befalls the cluster next.
    private async Task DoubleAsync()
    {
        try
        {
            var count = (int)(await management.GetFromJsonAsync<JsonNode>("v1/admin/shards"))!["count"]!;
            using var answer = await management.PostAsJsonAsync("v1/admin/shards:double", new { count });
            log.Tell(answer.IsSuccessStatusCode
                ? $"{count} shards begin to be doubled."
                : $"{count} shards are not doubled: {await answer.Content.ReadAsStringAsync()}");
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            log.Tell($"The shards are perhaps not doubled: {e.Message}");
        }
    }

    /// <summary>A member that is cut off from others, and whose clients may read what is old by then.</summary>
    private sealed record Cut(string Name, ClusterMember Member, IReadOnlyList<MemberHost> From, IReadOnlyList<string> Stale)
    {
        public HistoryFault ToFault(TimeSpan duration, StaleMembers stale, ProgressLog log) =>
            new(Name, duration, stale.Of(Stale, new(BeginAsync, () => EndAsync(log))));

        private async Task BeginAsync()
        {
            foreach (var other in From)
            {
                await MemberNetwork.CutAsync(Member.Server.Host, other);
            }
        }

        private async Task EndAsync(ProgressLog log)
        {
            var dropped = 0L;
            foreach (var other in From)
            {
                dropped += await MemberNetwork.JoinAsync(Member.Server.Host, other);
            }

            log.Tell($"The {Name} dropped {dropped} packets.");
        }
    }
}
