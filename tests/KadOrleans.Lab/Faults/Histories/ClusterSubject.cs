using System.Net.Http.Headers;

namespace KadOrleans.Lab;

/// <summary>
/// A cluster under faults. Each silo and edge is called over HTTP, the edges by datagrams too. A silo's HTTP is <see cref="IDht"/> within a
/// silo; an edge's is that of an Orleans client at the silos' gateways. The network has the two edges alone, so the cluster decides.
/// </summary>
internal sealed class ClusterSubject : IHistorySubject
{
    private const int UdpClientsOfEach = 2;

    // Longer than management tries.
    private static readonly TimeSpan LongestChange = TimeSpan.FromSeconds(30);

    // Kad:Edge:MaxOutageStaleness, and the time in which news are read.
    private static readonly TimeSpan UdpStaleness = TimeSpan.FromSeconds(32);

    // A silo learns that it was declared dead within 15 s after it reaches the database.
    private readonly StaleMembers _stale = new(TimeSpan.FromSeconds(20));
    private readonly HttpClient _management;
    private readonly TemporaryFolder _folder;
    private readonly MemberNetwork? _network;
    private readonly FaultyCluster _cluster;
    private readonly ProgressLog _log;
    private readonly TimeSpan _longest;

    private ClusterSubject(
        FaultyCluster cluster, MemberNetwork? network, TemporaryFolder folder, string secret, int clients, TimeSpan longest, ProgressLog log)
    {
        (_cluster, _network, _folder, _longest, _log) = (cluster, network, folder, longest, log);
        _management = new HttpClient { BaseAddress = cluster.Silos[0].Http, Timeout = LongestChange };
        _management.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", secret);
        ClusterMember[] members = [.. cluster.Silos, .. cluster.Edges];
        IEnumerable<IHistoryClient> datagrams = cluster.Edges.SelectMany(edge =>
            Enumerable.Range(0, UdpClientsOfEach).Select(_ => new UdpHistoryClient(edge.Name, ((EdgeServer)edge.Server).Address)));
        Clients =
        [
            .. datagrams,
            .. Enumerable.Range(0, clients - (UdpClientsOfEach * cluster.Edges.Count))
                .Select(i => members[i % members.Length])
                .Select(member => new HttpHistoryClient(member.Name, member.Http, secret, manages: cluster.Silos.Contains(member))),
        ];
    }

    public IReadOnlyList<IHistoryClient> Clients { get; }

    public bool Retries => true;

    public static async Task<ClusterSubject> StartAsync(ClusterShape shape, int clients, TimeSpan longest, ProgressLog log)
    {
        var folder = new TemporaryFolder();
        var tokens = HistoryTokens.Write(folder.Path);
        var network = MemberNetwork.IsInside ? await MemberNetwork.CreateAsync() : null;
        var cluster = await FaultyCluster.StartAsync(shape with { Network = network, Settings = [.. shape.Settings, $"Kad:Http:Tokens={tokens.File}"] }, log);
        return new ClusterSubject(cluster, network, folder, tokens.Secret, clients, longest, log);
    }

    public IReadOnlyList<HistoryFault> Plan(int seed, int faults) =>
        new ClusterFaults(_cluster, _network, _stale, _management, _log).Plan(seed, faults, _longest);

    public Task<bool> BecomesHealthyAsync(CancellationToken cancellationToken) => _cluster.BecomesHealthyAsync(cancellationToken);

    public TimeSpan StalenessOf(IHistoryClient client, HistoryKey key) => _stale.Since(client.Member) + (client.IsDatagrams ? UdpStaleness : TimeSpan.Zero);

    public async ValueTask DisposeAsync()
    {
        foreach (var client in Clients)
        {
            await client.DisposeAsync();
        }

        await _cluster.DisposeAsync();
        if (_network is not null)
        {
            await _network.DisposeAsync();
        }

        _management.Dispose();
        _folder.Dispose();
    }
}
