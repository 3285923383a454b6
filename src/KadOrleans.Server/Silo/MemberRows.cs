using System.Net;
using System.Net.Sockets;

namespace KadOrleans.Server;

/// <summary>
/// Writes that a refused silo has ended, and removes, before a silo joins, what a clock that was ahead left in the cluster's table of members: a row of the silo's own endpoint
/// with a later generation, by which the silo would take itself for the older one, and silos that are gone but seem to live until the clock
/// reaches the time of their start or last sign of life, for which a silo that joins would wait so long.
/// </summary>
internal static class MemberRows
{
    /// <summary>How far a row may be ahead: clocks that differ by less do no harm.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(2);

    private const int Attempts = 3;

    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LeaveTimeout = TimeSpan.FromSeconds(5);

    /// <summary>Longer than two of the intervals in which a silo writes that it lives (<c>IAmAliveTablePublishTimeout</c>, 10 s).</summary>
    private static readonly TimeSpan SignOfLife = TimeSpan.FromSeconds(25);

    public static async Task MendAsync(IMembershipTable table, SiloIdentity own, TimeProvider time, ILogger logger)
    {
        var utcNow = time.GetUtcNow().UtcDateTime;
        await table.InitializeMembershipTableAsync(tryInitTableVersion: true, CancellationToken.None);
        var rows = (await table.ReadAllAsync(CancellationToken.None)).Members.Select(row => row.Item1).ToList();
        if (FindLater(rows, own.Endpoint, SiloAddress.AllocateNewGeneration()) is { } later)
        {
            SiloLog.LaterGeneration(logger, later);
            own.StartAbove(later.Generation);
        }

        var ahead = Ahead(rows, own.Endpoint, utcNow).ToList();
        var answers = await Task.WhenAll(ahead.Select(row => AnswersAsync(row.SiloAddress.Endpoint)));
        var silent = ahead.Zip(answers).Where(pair => !pair.Second).Select(pair => pair.First).ToList();
        if (silent.Count > 0)
        {
            await DeclareDeadAsync(table, silent, time, logger);
        }
    }

    /// <summary>Writes in a silo's own row, if there is one, that it has ended. If it cannot, the others declare it dead.</summary>
    public static async Task LeaveAsync(IMembershipTable table, SiloAddress own, TimeProvider time)
    {
        using var limit = new CancellationTokenSource(LeaveTimeout, time);
        try
        {
            await WriteDeadAsync(table, own, _ => true, row => row.AddSuspector(own, time.GetUtcNow().UtcDateTime), limit.Token);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Why the start failed is what is told.
        }
    }

    // A silo that lives writes so, also if this machine cannot reach it or has a slow clock.
    private static async Task DeclareDeadAsync(IMembershipTable table, List<MembershipEntry> silent, TimeProvider time, ILogger logger)
    {
        await Task.Delay(SignOfLife, time);
        foreach (var row in silent)
        {
            if (await WriteDeadAsync(table, row.SiloAddress, now => now.IAmAliveTime == row.IAmAliveTime, _ => { }, CancellationToken.None))
            {
                SiloLog.SilentAhead(logger, row.SiloAddress, row.StartTime > row.IAmAliveTime ? row.StartTime : row.IAmAliveTime);
            }
        }
    }

    /// <summary>The row of an endpoint whose generation a silo that starts now would not exceed. Null if there is none.</summary>
    public static SiloAddress? FindLater(IEnumerable<MembershipEntry> rows, IPEndPoint own, int generation) => rows
        .Select(row => row.SiloAddress)
        .Where(silo => silo.Endpoint.Equals(own) && silo.Generation >= generation)
        .MaxBy(silo => silo.Generation);

    /// <summary>Rows of other silos that are to live, with a start or a last sign of life in the future.</summary>
    public static IEnumerable<MembershipEntry> Ahead(IEnumerable<MembershipEntry> rows, IPEndPoint own, DateTime utcNow) => rows
        .Where(row => row.Status == SiloStatus.Active && !row.SiloAddress.Endpoint.Equals(own)
            && (row.IAmAliveTime > utcNow + Tolerance || row.StartTime > utcNow + Tolerance));

    // False: there is no such row, it says so already, or it may not be changed as it is now.
    private static async Task<bool> WriteDeadAsync(
        IMembershipTable table, SiloAddress silo, Func<MembershipEntry, bool> mayChange, Action<MembershipEntry> sign, CancellationToken cancellationToken)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            var read = await table.ReadRowAsync(silo, cancellationToken).WaitAsync(cancellationToken);
            if (read.Members is not [var (row, etag)] || row.Status == SiloStatus.Dead || !mayChange(row))
            {
                return false;
            }

            row.Status = SiloStatus.Dead;
            sign(row);
            if (await table.UpdateRowAsync(row, etag, read.Version.Next(), cancellationToken).WaitAsync(cancellationToken))
            {
                return true;
            }
        }

        return false;
    }

    // Makes a connection and closes it. Why there is none, TimedOut if nobody answers within the time, and null if there was one.
    private static async Task<SocketError?> ConnectAsync(IPEndPoint endpoint)
    {
        using var limit = new CancellationTokenSource(AnswerTimeout);
        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(endpoint, limit.Token);
            return null;
        }
        catch (SocketException e)
        {
            return e.SocketErrorCode;
        }
        catch (OperationCanceledException)
        {
            return SocketError.TimedOut;
        }
    }

    private static async Task<bool> AnswersAsync(IPEndPoint endpoint)
    {
        for (var attempt = 0; attempt < Attempts; attempt++)
        {
            switch (await ConnectAsync(endpoint))
            {
                case null:
                    return true;
                case SocketError.ConnectionRefused:
                    return false;
                case SocketError.TimedOut:
                    // The next attempt may get through.
                    break;
                default:
                    await Task.Delay(AnswerTimeout, CancellationToken.None);
                    break;
            }
        }

        return false;
    }
}
