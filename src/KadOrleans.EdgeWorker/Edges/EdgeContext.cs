using KadOrleans.EdgeWorker.Clocks;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Hosting.Settings;
using KadOrleans.Node;

namespace KadOrleans.EdgeWorker.Edges;

/// <summary>What the parts of one edge share.</summary>
/// <param name="Options">How it is set up.</param>
/// <param name="Timing">How often it does what.</param>
/// <param name="Grains">The way to the cluster.</param>
/// <param name="Environment">Time, randomness, logging.</param>
/// <param name="Health">Where it notes how it is doing.</param>
/// <param name="Clock">Compares its clock with the silos'.</param>
internal sealed record EdgeContext(
    EdgeOptions Options, EdgeTiming Timing, IGrainFactory Grains, NodeEnvironment Environment, EdgeHealth Health, ClockWatch Clock)
{
    /// <summary>The grain that leases node ids.</summary>
    public IEdgeDirectoryGrain Directory => Grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);

    /// <summary>Waits for a silo's answer, but not for long, and notes that one came.</summary>
    /// <exception cref="TimeoutException">None came in time; the call may still have its effect.</exception>
    public async Task<T> CallAsync<T>(ValueTask<T> call, CancellationToken cancellationToken)
    {
        var result = await call.AsTask().WaitAsync(Timing.Call, Environment.Time, cancellationToken);
        Health.Answered();
        return result;
    }

    /// <inheritdoc cref="CallAsync{T}"/>
    public async Task CallAsync(ValueTask call, CancellationToken cancellationToken)
    {
        await call.AsTask().WaitAsync(Timing.Call, Environment.Time, cancellationToken);
        Health.Answered();
    }
}
