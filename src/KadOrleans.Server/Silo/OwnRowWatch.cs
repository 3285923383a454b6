namespace KadOrleans.Server;

/// <summary>
/// Ends a silo whose row is missing in the cluster's table of members, as after a Redis lost its last second, was emptied, or a database was
/// restored: others that start do not know of it, and would start its grains beside it. A silo that has its row, while other writes were lost,
/// raises the table's version above what it knows: until then all that know as much would ignore the table, and who joins by it. A row that is
/// still that of its joining becomes that of an active silo: nobody else writes it, and others would start its grains beside it.
/// </summary>
internal sealed class OwnRowWatch(
    IMembershipTable table,
    ILocalSiloDetails own,
    ISiloStatusOracle silos,
    IClusterMembershipService membership,
    IHostApplicationLifetime host,
    FatalError fatal,
    TimeProvider time,
    ILogger<OwnRowWatch> logger) : BackgroundService
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    /// <summary>How many reads in a row must lack the row: one may be of a copy that is behind, or of a table that is being restored.</summary>
    private const int Reads = 2;

    /// <summary>How often a look writes the own row, each time with the next version. What is missing then, the next look adds.</summary>
    private const int MaxWrites = 100;

    // Orleans takes the status of a row that lost it for that of this silo, once the other silos have raised the table's version.
    private bool IsActive => silos.CurrentStatus == SiloStatus.Active
        || (host.ApplicationStarted.IsCancellationRequested && IsJoining(silos.CurrentStatus));

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken).UntilStoppedAsync(stoppingToken);

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        var missed = 0;
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            missed = IsActive && await IsMissingAsync(stoppingToken) ? missed + 1 : 0;
            if (missed == Reads)
            {
                SiloLog.RowLost(logger, own.SiloAddress);
                fatal.LoseRow();
                return;
            }
        }
    }

    private async Task<bool> IsMissingAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await ReadAsync(cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            return await IsMissingInNewTableAsync(cancellationToken);
        }
    }

    // A table that lost its version cannot be read. It is made anew, as each silo does that starts.
    private async Task<bool> IsMissingInNewTableAsync(CancellationToken cancellationToken)
    {
        try
        {
            await table.InitializeMembershipTableAsync(tryInitTableVersion: true, cancellationToken);
            return await ReadAsync(cancellationToken);
        }
        catch (Exception) when (!cancellationToken.IsCancellationRequested)
        {
            // Storage does not answer, which says nothing of rows. Orleans logs it.
            return false;
        }
    }

    private async Task<bool> ReadAsync(CancellationToken cancellationToken)
    {
        // What is known before the table is read cannot be newer than the table, unless that lost writes.
        var known = membership.CurrentSnapshot;
        var read = await table.ReadAllAsync(cancellationToken);
        if (!IsActive)
        {
            return false;
        }

        if (RowIn(read) is not { Item1: var row })
        {
            return true;
        }

        if (IsBehind(read, known) || IsJoining(row.Status))
        {
            await RaiseAsync(read, known.Version.Value, cancellationToken);
        }

        return false;
    }

    private Tuple<MembershipEntry, string>? RowIn(MembershipTableData read) =>
        read.Members.FirstOrDefault(row => row.Item1.SiloAddress.Equals(own.SiloAddress));

    // What an active silo has written before it was active. A row of its end stays what it is.
    private static bool IsJoining(SiloStatus status) => status is SiloStatus.Created or SiloStatus.Joining;

    // One of the same version may be another, that silos wrote after the loss.
    private static bool IsBehind(MembershipTableData read, ClusterMembershipSnapshot known) =>
        read.Version.Version < known.Version.Value
        || (read.Version.Version == known.Version.Value && known.Members.Values.Any(
            member => member.Status == SiloStatus.Active && !read.Members.Any(row => row.Item1.SiloAddress.Equals(member.SiloAddress))));

    // A row is written with the table's next version alone, and only if nobody else wrote meanwhile. If somebody did, the next look goes on.
    private async Task RaiseAsync(MembershipTableData read, long known, CancellationToken cancellationToken)
    {
        var first = read.Version.Version;
        for (var write = 0;
            write < MaxWrites && RowIn(read) is { } row && (read.Version.Version <= known || IsJoining(row.Item1.Status));
            write++)
        {
            row.Item1.Status = IsJoining(row.Item1.Status) ? SiloStatus.Active : row.Item1.Status;
            if (!await table.UpdateRowAsync(row.Item1, row.Item2, read.Version.Next(), cancellationToken))
            {
                return;
            }

            read = await table.ReadAllAsync(cancellationToken);
        }

        SiloLog.TableRaised(logger, first, known, read.Version.Version);

        // It waits for that version, which the table may lose, too.
        await membership.Refresh(new MembershipVersion(read.Version.Version), cancellationToken).AsTask()
            .WaitAsync(Interval, time, cancellationToken);
    }
}
