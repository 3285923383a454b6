namespace KadOrleans.Grains;

// The limits in force, as this silo knows them. It asks the cluster before its first shard and every 15 s. Safe for several threads.
internal sealed class ClusterLimits(
    IOptions<KadClusterOptions> options,
    IGrainFactory grains,
    ILocalSiloDetails silo,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    ILogger<ClusterLimits> logger)
{
    /// <summary>The time limit of the first read. A silo that cannot read the rules starts with its settings and asks again.</summary>
    private static readonly TimeSpan FirstLimit = TimeSpan.FromSeconds(10);

    private readonly KadClusterOptions _options = options.Value;
    private readonly GrainCalls _calls = new(time, logger);

    // Guards writes of _rules, which never go back.
    private readonly Lock _gate = new();
    private volatile EdgeRules _rules = new(0, []);

    public string Name { get; } = NameOf(silo.SiloAddress);

    public long Version => _rules.Version;

    public LimitValues Values => LimitBook.Apply(Settings, _rules.LimitEntries, _options.MostKeys);

    /// <summary>What the silo's settings say. Those of edges are the edges' own.</summary>
    public LimitValues Settings => new(_options.Quota, new SourceLimits(), new UploadLimits(), _options.CrawlRate);

    public static string NameOf(SiloAddress silo) => silo.ToString();

    /// <summary>Asks for the newest rules before the first shard needs them, for a bounded time.</summary>
    public async Task BeginAsync()
    {
        try
        {
            await _calls.CallAsync(nameof(IRulesGrain), FetchAsync, new TimeLimit(FirstLimit, time), CancellationToken.None);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            logger.LimitsNotRead(e.Message);
        }
    }

    // Asks for the newest rules until it has them: the last call reports the version that it follows. Returns whether they are newer.
    public async ValueTask<bool> FetchAsync()
    {
        var had = Version;
        while (await grains.GetGrain<IRulesGrain>(GrainKeys.Singleton).FetchAsync(Name, Version) is { } rules)
        {
            lock (_gate)
            {
                if (rules.Version <= _rules.Version)
                {
                    break;
                }

                _rules = rules;
            }
        }

        return Version > had;
    }
}
