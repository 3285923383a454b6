namespace KadOrleans.Lab;

/// <summary>Silos and edges as processes, with their storage. A process that ends by itself is started again, as Kubernetes does.</summary>
internal sealed class FaultyCluster : IAsyncDisposable
{
    /// <summary>How long a cluster may take to be healthy after a fault.</summary>
    public static readonly TimeSpan LongestToHealth = TimeSpan.FromMinutes(4);

    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(3) };
    private readonly CancellationTokenSource _stopping = new();
    private readonly ProgressLog _log;
    private readonly List<Task> _watches = [];
    private int _restarts;

    private FaultyCluster(ProgressLog log) => _log = log;

    public ClusterStorage Storage { get; private set; } = null!;

    public IReadOnlyList<ClusterMember> Silos { get; private set; } = [];

    public IReadOnlyList<ClusterMember> Edges { get; private set; } = [];

    public IReadOnlyList<IPEndPoint> EdgeAddresses => [.. Edges.Select(edge => ((EdgeServer)edge.Server).Address)];

    /// <summary>How often a process ended by itself and was started again.</summary>
    public int Restarts => Volatile.Read(ref _restarts);

    /// <summary>Starts a cluster and waits until each process serves.</summary>
    public static Task<FaultyCluster> StartAsync(ClusterShape shape, ProgressLog log) =>
        new FaultyCluster(log).StartedAsync(cluster => cluster.StartAsync(shape));

    /// <summary>Starts a member again; what keeps it from starting is told, and tried again until it serves.</summary>
    public async Task RestartAsync(ClusterMember member)
    {
        try
        {
            await member.Server.StartAsync();
        }
        catch (Exception e) when (e is InvalidOperationException or OperationCanceledException)
        {
            _log.Tell($"{member.Name} did not start: {LastLine(member.Server.Errors)}");
        }
    }

    /// <summary>Why the first of some members that cannot serve says so; null if all can.</summary>
    public async Task<string?> FindObstacleAsync(IEnumerable<ClusterMember> members, CancellationToken cancellationToken)
    {
        var obstacles = await Task.WhenAll(members.Select(member => member.FindObstacleAsync(_http, cancellationToken)));
        return Array.Find(obstacles, obstacle => obstacle is not null);
    }

    /// <summary>Waits until each silo can serve; false, with the reason told, if one cannot within <see cref="LongestToHealth"/>.</summary>
    public Task<bool> BecomesHealthyAsync(CancellationToken cancellationToken) => BecomesHealthyAsync(() => Task.FromResult<string?>(null), cancellationToken);

    /// <summary>The same, and until nothing else is found that is in the way, which is looked for once silos can serve.</summary>
    public async Task<bool> BecomesHealthyAsync(Func<Task<string?>> findMoreAsync, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        while ((await FindObstacleAsync(Silos, cancellationToken) ?? await findMoreAsync()) is { } obstacle)
        {
            if (Stopwatch.GetElapsedTime(begin) > LongestToHealth)
            {
                _log.Tell($"Not all was healthy after {LongestToHealth.TotalMinutes} minutes: {obstacle}");
                return false;
            }

            await Task.Delay(LookInterval, cancellationToken);
        }

        return true;
    }

    /// <summary>How many silos a silo takes for active; null if it does not answer.</summary>
    public async Task<int?> CountActiveAsync(ClusterMember silo) => await ReadAsync(silo, "/status") is { } status
        ? status["silos"]!.AsArray().Count(other => (string?)other!["state"] == "Active")
        : null;

    /// <summary>The port of each active silo and how many shards are active on it, by addresses; empty if that cannot be known.</summary>
    public async Task<IReadOnlyList<(int Port, int Shards)>> CountShardsAsync()
    {
        foreach (var silo in Silos)
        {
            if (await ReadAsync(silo, "/dashboard/DashboardCounters") is { } counters)
            {
                return ShardCounts.Read(counters);
            }
        }

        return [];
    }

    /// <summary>Starts one more silo and waits until it serves.</summary>
    public async Task<ClusterMember> AddSiloAsync(ClusterShape shape)
    {
        var silo = NewSilo(shape, await HostAsync(shape), Silos.Count + 1);
        Silos = [.. Silos, silo];
        await silo.Server.StartAsync();
        _watches.Add(WatchAsync(silo));
        return silo;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await Task.WhenAll(_watches);
        foreach (var member in Edges.Concat(Silos))
        {
            await member.Server.DisposeAsync();
        }

        if (Storage is not null)
        {
            await Storage.DisposeAsync();
        }

        _http.Dispose();
        _stopping.Dispose();
        _folder.Dispose();
    }

    private async Task StartAsync(ClusterShape shape)
    {
        Storage = await ClusterStorage.StartAsync(shape, _folder.Path);
        while (Silos.Count < shape.Silos)
        {
            await AddSiloAsync(shape);
        }

        var gateways = Silos.Select(silo => (SiloServer)silo.Server).ToArray();
        var first = NewEdge(shape, await HostAsync(shape), gateways, number: 1);
        string[] bootstrap = [$"Kad:Edge:Bootstrap={((EdgeServer)first.Server).Address}"];
        Edges = [first];
        while (Edges.Count < shape.Edges)
        {
            Edges = [.. Edges, NewEdge(shape, await HostAsync(shape), gateways, Edges.Count + 1, bootstrap)];
        }

        await Task.WhenAll(Edges.Select(edge => edge.Server.StartAsync()));
        _watches.AddRange(Edges.Select(WatchAsync));
        _log.Tell($"{Silos.Count} silos and {Edges.Count} edges on {shape.Storage} are started.");
    }

    private static Task<MemberHost> HostAsync(ClusterShape shape) => shape.Network?.AddAsync() ?? Task.FromResult(MemberHost.Local);

    private ClusterMember NewSilo(ClusterShape shape, MemberHost host, int number)
    {
        var http = NewHttp(host);
        var server = new SiloServer(_folder.Path, [.. Storage.SiloSettings, SiloServer.ShardBits(shape.ShardBits), $"Kad:Http={http.Authority}", .. shape.Settings])
        {
            Assembly = shape.Server,
            Data = Storage.Keys,
            Host = host,
        };
        return new ClusterMember($"silo {number}", server, http);
    }

    private ClusterMember NewEdge(ClusterShape shape, MemberHost host, SiloServer[] silos, int number, params string[] bootstrap)
    {
        var http = NewHttp(host);
        var server = new EdgeServer(_folder.Path, $"edge {number}", [.. Storage.EdgeSettings(silos), .. bootstrap, $"Kad:Http={http.Authority}", .. shape.Settings])
        {
            Assembly = shape.Server,
            Host = host,
        };
        return new ClusterMember($"edge {number}", server, http);
    }

    private Task WatchAsync(ClusterMember member) => RepeatedWork.RunAsync(
        LookInterval,
        async () =>
        {
            if (member.Server.HasEnded)
            {
                Interlocked.Increment(ref _restarts);
                _log.Tell($"{member.Name} ended by itself with {await member.Server.ExitAsync()}: {LastLine(member.Server.Errors)}");
                await RestartAsync(member);
            }
        },
        _stopping.Token);

    private async Task<JsonNode?> ReadAsync(ClusterMember silo, string page)
    {
        try
        {
            return JsonNode.Parse(await _http.GetStringAsync(new Uri(silo.Http, page)));
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return null;
        }
    }

    private static Uri NewHttp(MemberHost host) => new($"http://{host.Address}:{FreePort.Tcp()}");

    private static string LastLine(string errors) => errors.TrimEnd().Split('\n')[^1];
}

/// <summary>A silo or an edge, and where it serves its health.</summary>
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

/// <summary>Reads how many shards each silo has from what Orleans' dashboard tells.</summary>
internal static class ShardCounts
{
    /// <summary>The port and the count of each active silo, in the order of their addresses.</summary>
    public static IReadOnlyList<(int Port, int Shards)> Read(JsonNode counters)
    {
        var shards = counters["simpleGrainStats"]!.AsArray()
            .Where(row => ((string)row!["grainType"]!).Contains("KeyShardGrain", StringComparison.Ordinal))
            .ToLookup(row => (string)row!["siloAddress"]!, row => (int)row!["activationCount"]!);
        return [.. counters["hosts"]!.AsArray()
            .Where(host => (string)host!["status"]! == "Active")
            .Select(host => (string)host!["siloAddress"]!)
            .Order(StringComparer.Ordinal)
            .Select(silo => (PortOf(silo), shards[silo].Sum()))];
    }

    // Such as 127.0.0.1:11111@123456789.
    private static int PortOf(string silo) => int.Parse(silo.Split(':')[^1].Split('@')[0], CultureInfo.InvariantCulture);
}
