namespace KadOrleans.Lab;

/// <summary>
/// A cluster under a campaign's faults. Each silo and edge is called over HTTP, the edges by datagrams too. A silo's HTTP is <see cref="IDht"/> within a
/// silo; an edge's is that of an Orleans client at the silos' gateways. The network has the two edges alone, so the cluster decides.
/// </summary>
internal sealed class ClusterSubject : IHistorySubject
{
    private const int UdpClientsOfEach = 2;

    private static readonly TimeSpan LongestToHealth = TimeSpan.FromMinutes(4);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(500);

    // Kad:Edge:MaxOutageStaleness, and the time in which news are read.
    private static readonly TimeSpan UdpStaleness = TimeSpan.FromSeconds(32);

    private readonly FreezeLog _freezes = new();
    private readonly TemporaryFolder _folder;
    private readonly FaultyCluster _cluster;
    private readonly ProgressLog _log;
    private readonly TimeSpan _longest;

    private ClusterSubject(FaultyCluster cluster, TemporaryFolder folder, string secret, int clients, TimeSpan longest, ProgressLog log)
    {
        (_cluster, _folder, _longest, _log) = (cluster, folder, longest, log);
        ClusterMember[] members = [.. cluster.Silos, .. cluster.Edges];
        IEnumerable<IHistoryClient> datagrams = cluster.Edges.SelectMany(edge =>
            Enumerable.Range(0, UdpClientsOfEach).Select(_ => new UdpHistoryClient(edge.Name, ((EdgeServer)edge.Server).Address)));
        Clients =
        [
            .. datagrams,
            .. Enumerable.Range(0, clients - (UdpClientsOfEach * cluster.Edges.Count))
                .Select(i => members[i % members.Length])
                .Select(member => new HttpHistoryClient(member.Name, member.Http, secret)),
        ];
    }

    public IReadOnlyList<IHistoryClient> Clients { get; }

    public bool Retries => true;

    public static async Task<ClusterSubject> StartAsync(ClusterShape shape, int clients, TimeSpan longest, ProgressLog log)
    {
        var folder = new TemporaryFolder();
        var tokens = HistoryTokens.Write(folder.Path);
        var cluster = await FaultyCluster.StartAsync(shape with { Settings = [.. shape.Settings, $"Kad:Http:Tokens={tokens.File}"] }, log);
        return new ClusterSubject(cluster, folder, tokens.Secret, clients, longest, log);
    }

    public IReadOnlyList<HistoryFault> Plan(int seed, int faults) =>
    [
        .. FaultPlan.Create(seed, faults, new FaultMembers(_cluster.Silos.Count, _cluster.Edges.Count, _cluster.Storage.Faults.Keys), _longest)
            .Select(fault => new HistoryFault(
                $"{fault.Kind.ToString().ToLowerInvariant()} of {fault.TargetName}",
                fault.Duration,
                WithFreeze(fault, fault.ActionsOn(_cluster)))),
    ];

    public async Task<bool> BecomesHealthyAsync(CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        while (await _cluster.FindObstacleAsync(_cluster.Silos, cancellationToken) is { } obstacle)
        {
            if (Stopwatch.GetElapsedTime(begin) > LongestToHealth)
            {
                _log.Tell(obstacle);
                return false;
            }

            await Task.Delay(LookInterval, cancellationToken);
        }

        return true;
    }

    public TimeSpan StalenessOf(IHistoryClient client) => _freezes.Since(client.Member) + (client.IsDatagrams ? UdpStaleness : TimeSpan.Zero);

    public async ValueTask DisposeAsync()
    {
        foreach (var client in Clients)
        {
            await client.DisposeAsync();
        }

        await _cluster.DisposeAsync();
        _folder.Dispose();
    }

    private FaultActions WithFreeze(Fault fault, FaultActions actions) => fault.Kind != FaultKind.Freeze ? actions : new(
        () =>
        {
            _freezes.Begin(fault.TargetName);
            return actions.BeginAsync();
        },
        async () =>
        {
            await actions.EndAsync();
            _freezes.End(fault.TargetName);
        });
}
