using System.Globalization;

namespace KadOrleans.Grains;

// What a silo knows of the cluster's silos. It calls no grain, so a silo that is not ready knows it too. A silo that does not
// respond costs 2 s.
internal sealed class ClusterSilos(
    ISiloStatusOracle silos,
    IMembershipTable table,
    ILocalSiloDetails own,
    SiloReporter reporter,
    AskReport ask,
    IGrainFactory grains,
    ClusterTime time,
    ILogger<ClusterSilos> logger)
{
    // How many dead silos are listed: those that are missing, and the last that ended. The membership table keeps each start of a week.
    internal const int MaxDead = 20;

    // For the storage of the membership table, which may be unavailable.
    private static readonly TimeSpan TableTimeout = TimeSpan.FromSeconds(2);

    // That of the service, which the runtime applies only to within some seconds.
    private static readonly TimeSpan CallTimeout = TimeSpan.Parse(ISiloReportService.CallTimeout, CultureInfo.InvariantCulture);

    // A silo is no less missing while the table cannot be read.
    private volatile IReadOnlyDictionary<SiloAddress, StoredSilo> _lastRead = new Dictionary<SiloAddress, StoredSilo>();

    /// <summary>The silos: those that are not dead by address, and behind them the last dead ones.</summary>
    public async Task<IReadOnlyList<SiloDetails>> ReadAsync()
    {
        var stored = ReadTableAsync();
        var known = Known();
        var answers = await AskAsync(known, grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton).GetGrainId());
        if (await stored is { } read)
        {
            _lastRead = read;
        }

        return ListOf(known, _lastRead, answers, time.GetUtcNow());
    }

    /// <summary>How many other active silos say that they run on a node.</summary>
    public async Task<int> CountOthersOnAsync(string node)
    {
        var answers = await AskAsync(Known(), grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton).GetGrainId());
        return answers.Count(answer => !answer.Key.Equals(own.SiloAddress) && answer.Value.Report?.Node == node);
    }

    /// <summary>The silos that are missing: <see cref="SiloDetails.IsLost"/>. Null if the membership table could not be read.</summary>
    public async Task<IReadOnlySet<SiloAddress>?> FindLostAsync() =>
        await ReadTableAsync() is { } stored ? LostSilos.Find(stored, time.GetUtcNow()) : null;

    /// <summary>Where a shard is active. It is not activated by this.</summary>
    public async Task<ShardDetails> FindShardAsync(long shard)
    {
        var answers = await AskAsync(Known(), grains.GetGrain<IKeyShardGrain>(shard).GetGrainId());
        return new ShardDetails(
            GrainKeys.NumberOf(shard),
            GrainKeys.ShardName(shard),
            [.. answers.Where(answer => answer.Value.Report is { HasGrain: true }).Select(answer => answer.Key.ToString())],
            [.. answers.Where(answer => answer.Value.Report is null).Select(answer => answer.Key.ToString())]);
    }

    // This silo is not in the membership before it joins.
    private Dictionary<SiloAddress, SiloStatus> Known() =>
        new(silos.GetApproximateSiloStatuses()) { [own.SiloAddress] = silos.CurrentStatus };

    private async Task<IReadOnlyDictionary<SiloAddress, SiloAnswer>> AskAsync(Dictionary<SiloAddress, SiloStatus> known, GrainId grain)
    {
        SiloAddress[] asked = [.. known.Where(silo => silo.Value == SiloStatus.Active && !silo.Key.Equals(own.SiloAddress)).Select(silo => silo.Key)];
        var answers = await Task.WhenAll(asked.Select(silo => AskAsync(silo, grain)));
        return asked.Zip(answers)
            .Append((own.SiloAddress, new SiloAnswer(reporter.Report(grain), null)))
            .ToDictionary(answer => answer.Item1, answer => answer.Item2);
    }

    private async Task<SiloAnswer> AskAsync(SiloAddress silo, GrainId grain)
    {
        try
        {
            return new SiloAnswer(await ask(silo, grain).WaitAsync(CallTimeout, time), null);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            logger.SiloReportNotRead(silo, e.Message);
            return new SiloAnswer(
                null, GrainCalls.IsTransient(e) ? "it does not respond" : "it does not report its state");
        }
    }

    // Its times are by each silo's own clock. Null if it cannot be read.
    private async Task<IReadOnlyDictionary<SiloAddress, StoredSilo>?> ReadTableAsync()
    {
        try
        {
            using var ending = new CancellationTokenSource(TableTimeout, time);
            var read = table.ReadAllAsync(ending.Token);
            GrainCalls.Ignore(read);
            return (await read.WaitAsync(ending.Token)).Members.Select(member => member.Item1).ToDictionary(
                entry => entry.SiloAddress, Read);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            logger.MembersNotRead(e.Message);
            return null;
        }
    }

    // Orleans adds whoever writes that a silo is dead to those that suspect it: the silo itself as it stops, or another one.
    internal static StoredSilo Read(MembershipEntry entry)
    {
        var stored = new StoredSilo(entry.Status, entry.SiloName, Utc(entry.StartTime), Utc(entry.IAmAliveTime));
        return entry.Status != SiloStatus.Dead ? stored
            : entry.SuspectTimes is [.., var (by, at)] ? stored with
            {
                End = by.Equals(entry.SiloAddress) ? SiloEnd.Stopped : SiloEnd.DeclaredDead,
                EndedAt = Utc(at),
            }
            : stored with { End = SiloEnd.DeclaredDead };

        static DateTimeOffset Utc(DateTime stored) => new(DateTime.SpecifyKind(stored, DateTimeKind.Utc));
    }

    internal static IReadOnlyList<SiloDetails> ListOf(
        IReadOnlyDictionary<SiloAddress, SiloStatus> known,
        IReadOnlyDictionary<SiloAddress, StoredSilo> stored,
        IReadOnlyDictionary<SiloAddress, SiloAnswer> answers,
        DateTimeOffset now)
    {
        var lost = LostSilos.Find(stored, now);
        var all = known.Keys.Union(stored.Keys).ToLookup(address => StatusOf(address) == SiloStatus.Dead);
        return
        [
            .. all[false].OrderBy(address => address.ToString(), StringComparer.Ordinal)
                .Concat(all[true].OrderByDescending(lost.Contains).ThenByDescending(EndOf).ThenByDescending(address => address.Generation).Take(MaxDead))
                .Select(address => Describe(
                    address, StatusOf(address), stored.TryGetValue(address, out var entry) ? entry : null, answers.GetValueOrDefault(address), now) with
                {
                    IsLost = lost.Contains(address),
                }),
        ];

        DateTimeOffset EndOf(SiloAddress address) => stored.TryGetValue(address, out var ended) ? ended.EndedAt ?? ended.LastHeard : default;

        SiloStatus StatusOf(SiloAddress address) => known.TryGetValue(address, out var status) ? status : stored[address].Status;
    }

    // A silo's own report comes before the table.
    private static SiloDetails Describe(SiloAddress address, SiloStatus status, StoredSilo? stored, SiloAnswer answer, DateTimeOffset now)
    {
        var report = answer.Report;
        return new SiloDetails(
            address.ToString(),
            report?.Name ?? stored?.Name,
            status.ToString(),
            WholeSeconds(report is null ? stored?.StartedAt : now - report.Uptime),
            WholeSeconds(report is null ? stored?.LastHeard : now),
            report?.ClockDifference is { } difference ? TimeSpan.FromMilliseconds(Math.Round(difference.TotalMilliseconds)) : null,
            report?.Version,
            report?.IsReady ?? false,
            report is null ? answer.Problem : report.Reason,
            report?.HasGrain ?? false)
        {
            Node = report?.Node,
            Shards = report?.Shards,
            ResidentBytes = report?.ResidentBytes,
            End = status == SiloStatus.Dead ? stored?.End : null,
            EndedAt = status == SiloStatus.Dead ? WholeSeconds(stored?.EndedAt) : null,
        };
    }

    // The start is computed anew each time, so its fractions of a second mean nothing.
    private static DateTimeOffset? WholeSeconds(DateTimeOffset? time) => time?.AddTicks(-(time.Value.Ticks % TimeSpan.TicksPerSecond));
}

internal readonly record struct SiloAnswer(SiloReport? Report, string? Problem);

internal readonly record struct StoredSilo(SiloStatus Status, string? Name, DateTimeOffset StartedAt, DateTimeOffset LastHeard)
{
    /// <summary>How a dead one ended. Null of others.</summary>
    public SiloEnd? End { get; init; }

    /// <summary>When it ended, by the clock of who wrote it; null if that is unknown.</summary>
    public DateTimeOffset? EndedAt { get; init; }
}
