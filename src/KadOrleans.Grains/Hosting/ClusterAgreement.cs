using KadOrleans.Grains.Abstractions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace KadOrleans.Grains.Hosting;

/// <summary>
/// Compares a silo's settings with those that the cluster was created with, when the silo becomes active. If they differ
/// its start fails. Until they are known to agree, no shard activates on it.
/// </summary>
internal sealed class ClusterAgreement(
    IGrainFactory grains, IOptions<KadClusterOptions> options, ILogger<ClusterAgreement> logger)
    : ILifecycleParticipant<ISiloLifecycle>
{
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the settings agree; fails if they do not.</summary>
    public Task Completion => _completion.Task;

    public void Participate(ISiloLifecycle observer) =>
        observer.Subscribe(nameof(ClusterAgreement), ServiceLifecycleStage.Active, _ => AgreeAsync(), _ => Task.CompletedTask);

    private async Task AgreeAsync()
    {
        try
        {
            var own = new ClusterSettings(options.Value.ShardBits);
            var agreed = await grains.GetGrain<IClusterGrain>(GrainKeys.Singleton).AgreeAsync(own);
            if (agreed.ShardBits != own.ShardBits)
            {
                throw new InvalidOperationException(
                    $"Kad:Cluster:ShardBits is {own.ShardBits}, but this cluster was created with {agreed.ShardBits}: set it to {agreed.ShardBits}, or give a new cluster a storage of its own.");
            }

            logger.ClusterAgreed(own.ShardBits);
            _completion.TrySetResult();
        }
        catch (Exception e)
        {
            _completion.TrySetException(e);

            // Nobody may have waited for it.
            _ = _completion.Task.Exception;
            throw;
        }
    }
}
