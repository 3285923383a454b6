using System.Globalization;
using KadOrleans.Grains.Abstractions.Edges;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Grains.Edges;

/// <summary>Finds out whether the holder of a name lives, or may live and be cut off by the loss of a silo.</summary>
internal sealed class EdgeHolders(ISiloStatusOracle silos, IGrainFactory grains, ILogger<EdgeHolders> logger)
{
    // What Orleans calls the client within a silo, and what sets its observers apart.
    private const string Hosted = "hosted-";
    private const char Separator = '+';

    private static readonly TimeSpan Timeout = TimeSpan.Parse(IEdgeObserver.ConfirmTimeout, CultureInfo.InvariantCulture);

    /// <summary>The silos that are active now.</summary>
    public IReadOnlyCollection<SiloAddress> ActiveSilos => silos.GetApproximateSiloStatuses(onlyActive: true).Keys;

    /// <summary>What tells a holder from others. Another process has another one.</summary>
    public static string KeyOf(IEdgeObserver edge) => edge.GetGrainId().Key.ToString()!;

    /// <summary>Whether an edge answers a call.</summary>
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
    /// Whether all these silos are active still and every active silo answers a call: then each of them knows the ways to the edges that
    /// were heard while these were active, and an edge that does not answer is gone.
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

    /// <summary>Whether the holder of this key was within a silo that is dead.</summary>
    public bool IsWithinDeadSilo(string? holder) =>
        holder?.StartsWith(Hosted, StringComparison.Ordinal) == true
        && SiloAddress.TryParse(holder.Split(Separator)[0][Hosted.Length..], CultureInfo.InvariantCulture, out var silo)
        && silos.IsDeadSilo(silo);
}
