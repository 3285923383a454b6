using System.Globalization;
using KadOrleans.Grains.Abstractions.Edges;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Grains.Edges;

/// <summary>Finds out whether the holder of a name lives, or may be cut off by the loss of a silo.</summary>
internal sealed class EdgeHolders(ISiloStatusOracle silos, IGrainFactory grains, ILogger<EdgeHolders> logger)
{
    // The prefix of the observer keys of a client within a silo.
    private const string Hosted = "hosted-";
    private const char Separator = '+';

    private static readonly TimeSpan Timeout = TimeSpan.Parse(IEdgeObserver.ConfirmTimeout, CultureInfo.InvariantCulture);

    public IReadOnlyCollection<SiloAddress> ActiveSilos => silos.GetApproximateSiloStatuses(onlyActive: true).Keys;

    /// <summary>The key that identifies a holder. Each process has a different one.</summary>
    public static string KeyOf(IEdgeObserver edge) => edge.GetGrainId().Key.ToString()!;

    public async Task<bool> AnswersAsync(LiveEdge edge)
    {
        try
        {
            await edge.Observer.ConfirmAsync();
            return true;
        }
        catch (Exception e)
        {
            logger.HolderSilent(edge.Name, edge.Epoch, e.Message);
            return false;
        }
    }

    /// <summary>
    /// Whether all these silos are still active and every active silo answers a call. If so, the silos know the routes to all edges heard
    /// since. Then an edge that does not answer is gone.
    /// </summary>
    public async Task<bool> AreAllWellAsync(IReadOnlyCollection<SiloAddress> since)
    {
        var active = ActiveSilos;
        if (!since.All(active.Contains))
        {
            return false;
        }

        try
        {
            await grains.GetGrain<IManagementGrain>(0).GetRuntimeStatistics([.. active]).WaitAsync(Timeout);
            return true;
        }
        catch (Exception e)
        {
            logger.SiloSilent(e.Message);
            return false;
        }
    }

    /// <summary>Whether the holder with this key ran in a silo that is dead.</summary>
    public bool IsWithinDeadSilo(string? holder) =>
        holder?.StartsWith(Hosted, StringComparison.Ordinal) == true
        && SiloAddress.TryParse(holder.Split(Separator)[0][Hosted.Length..], CultureInfo.InvariantCulture, out var silo)
        && silos.IsDeadSilo(silo);
}
