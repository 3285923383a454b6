using System.Net;
using System.Net.Sockets;

namespace KadOrleans.Server;

/// <summary>
/// Removes, before a silo joins, what a clock that was ahead left in the cluster's table of members: a row of the silo's own endpoint
/// with a later generation, by which the silo would take itself for the older one, and silos that do not answer but seem to live until the clock
/// reaches the time of their last sign of life, by which no silo could join.
/// </summary>
internal static class MemberRows
{
    /// <summary>How far a row may be ahead: clocks that differ by less do no harm.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(2);

    /// <summary>How far back the sign of life of a silo is set that does not answer. Orleans then does not wait for it.</summary>
    private static readonly TimeSpan LongAgo = TimeSpan.FromMinutes(30);

    private static readonly TimeSpan AnswerTimeout = TimeSpan.FromSeconds(2);

    public static async Task MendAsync(IMembershipTable table, SiloIdentity own, DateTime utcNow, ILogger logger)
    {
        await table.InitializeMembershipTableAsync(tryInitTableVersion: true, CancellationToken.None);
        var rows = (await table.ReadAllAsync(CancellationToken.None)).Members.Select(row => row.Item1).ToList();
        if (FindLater(rows, own.Endpoint, SiloAddress.AllocateNewGeneration()) is { } later)
        {
            SiloLog.LaterGeneration(logger, later);
            own.StartAbove(later.Generation);
        }

        foreach (var row in Ahead(rows, own.Endpoint, utcNow))
        {
            // A silo that lives writes its time again within seconds, so it loses nothing if it only seemed not to answer.
            if (!await AnswersAsync(row.SiloAddress.Endpoint))
            {
                SiloLog.SilentAhead(logger, row.SiloAddress, row.IAmAliveTime);
                await table.UpdateIAmAliveAsync(new MembershipEntry { SiloAddress = row.SiloAddress, IAmAliveTime = utcNow - LongAgo }, CancellationToken.None);
            }
        }
    }

    /// <summary>The row of an endpoint whose generation a silo that starts now would not exceed. Null if there is none.</summary>
    public static SiloAddress? FindLater(IEnumerable<MembershipEntry> rows, IPEndPoint own, int generation) => rows
        .Select(row => row.SiloAddress)
        .Where(silo => silo.Endpoint.Equals(own) && silo.Generation >= generation)
        .MaxBy(silo => silo.Generation);

    /// <summary>Rows of other silos that are to live, with a last sign of life in the future.</summary>
    public static IEnumerable<MembershipEntry> Ahead(IEnumerable<MembershipEntry> rows, IPEndPoint own, DateTime utcNow) => rows
        .Where(row => row.Status == SiloStatus.Active && !row.SiloAddress.Endpoint.Equals(own) && row.IAmAliveTime > utcNow + Tolerance);

    private static async Task<bool> AnswersAsync(IPEndPoint endpoint)
    {
        using var socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        using var limit = new CancellationTokenSource(AnswerTimeout);
        try
        {
            await socket.ConnectAsync(endpoint, limit.Token);
            return true;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            return false;
        }
    }
}
