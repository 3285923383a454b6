using System.Globalization;

namespace KadOrleans.Grains;

/// <summary>Finds out whether the holder of a name lives, or may be cut off by the loss of a silo.</summary>
internal sealed class EdgeHolders(ISiloStatusOracle silos, IGrainFactory grains, ILogger<EdgeHolders> logger)
{
    // The prefix of the observer keys of a client within a silo.
    private const string Hosted = "hosted-";
    private const char Separator = '+';

    // The type of all observers' grain ids.
    private const string ObserverType = "sys.client";

    private static readonly TimeSpan Timeout = TimeSpan.Parse(IEdgeDesk.ConfirmTimeout, CultureInfo.InvariantCulture);

    public IReadOnlyCollection<SiloAddress> ActiveSilos => silos.GetApproximateSiloStatuses(onlyActive: true).Keys;

    /// <summary>The key that identifies a holder. Each process has a different one.</summary>
    public static string KeyOf(IEdgeDesk edge) => edge.GetGrainId().Key.ToString()!;

    /// <summary>The holder that <see cref="KeyOf"/> has the key of.</summary>
    public IEdgeDesk ReferenceOf(string key) => grains.GetGrain<IEdgeDesk>(GrainId.Create(ObserverType, key));

    public Task<bool> AnswersAsync(LiveEdge edge) =>
        SucceedsAsync(edge.Observer.ConfirmAsync, message => logger.HolderSilent(edge.Name, edge.Epoch, message));

    // Whether all these silos are still active and every active silo answers a call. If so, the silos know the routes to all
    // edges heard since. Then an edge that does not answer is gone.
    public async Task<bool> AreAllWellAsync(IReadOnlyCollection<SiloAddress> since)
    {
        var active = ActiveSilos;
        return since.All(active.Contains) && await SucceedsAsync(
            () => grains.GetGrain<IManagementGrain>(0).GetRuntimeStatistics([.. active]).WaitAsync(Timeout), logger.SiloSilent);
    }

    public bool IsWithinDeadSilo(string? holder) =>
        holder?.StartsWith(Hosted, StringComparison.Ordinal) == true
        && SiloAddress.TryParse(holder.Split(Separator)[0][Hosted.Length..], CultureInfo.InvariantCulture, out var silo)
        && silos.IsDeadSilo(silo);

    private static async Task<bool> SucceedsAsync(Func<Task> call, Action<string> log)
    {
        try
        {
            await call();
            return true;
        }
        catch (Exception e)
        {
            log(e.Message);
            return false;
        }
    }
}
