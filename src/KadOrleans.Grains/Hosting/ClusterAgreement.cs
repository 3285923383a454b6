using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Storage;

namespace KadOrleans.Grains.Hosting;

/// <summary>
/// Compares a silo's settings with those that the cluster was created with, and the schema version that it knows with the one
/// that is written; if they do not fit its start fails. It looks
/// twice: into storage before the silo is active, so that a silo that is refused is never given grains; then, when it is
/// active, at the grain that fixes the settings if there are none. Until they agree, no shard activates on it.
/// </summary>
internal sealed class ClusterAgreement(
    IGrainFactory grains,
    IServiceProvider services,
    IOptions<KadClusterOptions> options,
    ILocalSiloDetails silo,
    StateVersion version,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    ILogger<ClusterAgreement> logger)
    : ILifecycleParticipant<ISiloLifecycle>
{
    /// <summary>
    /// How long the first look may take. Storage that itself needs an active silo, as the runtime's memory storage does,
    /// cannot answer it.
    /// </summary>
    private static readonly TimeSpan FirstLookTimeout = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How long the grain is called: after an outage of all silos it is looked for in those that are gone, until they are declared dead.
    /// </summary>
    private static readonly TimeSpan AgreementLimit = TimeSpan.FromSeconds(60);

    private readonly GrainCalls _calls = new(time, logger);
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends when the settings agree; fails if they do not.</summary>
    public Task Completion => _completion.Task;

    public void Participate(ISiloLifecycle observer)
    {
        observer.Subscribe(nameof(ClusterAgreement), ServiceLifecycleStage.ValidateInitialConnectivity, _ => RunAsync(LookAsync));
        observer.Subscribe(nameof(ClusterAgreement), ServiceLifecycleStage.Active, _ => RunAsync(AgreeAsync));
    }

    /// <summary>Tells the cluster what this silo has and knows, and takes over which schema version is written.</summary>
    /// <exception cref="InvalidOperationException">They do not fit; the message names the setting.</exception>
    public async Task JoinAsync() => Compare(await AskAsync());

    private async Task RunAsync(Func<Task> step)
    {
        try
        {
            await step();
        }
        catch (Exception e)
        {
            _completion.TrySetException(e);

            // No caller may have awaited it.
            _ = _completion.Task.Exception;
            throw;
        }
    }

    private async Task LookAsync()
    {
        var state = new GrainState<ClusterState>(new ClusterState());
        try
        {
            var storage = services.GetRequiredKeyedService<IGrainStorage>(GrainStorageName.Kad);
            var grainId = grains.GetGrain<IClusterGrain>(GrainKeys.Singleton).GetGrainId();
            await storage.ReadStateAsync(StateNames.Cluster, grainId, state).WaitAsync(FirstLookTimeout);
        }
        catch (Exception e)
        {
            // The grain will look once more.
            logger.SettingsNotRead(e.Message);
            return;
        }

        if (state is { RecordExists: true, State: not null })
        {
            Compare(new ClusterTerms(state.State.ToSettings(), state.State.SchemaVersion));
        }
    }

    private async Task AgreeAsync()
    {
        Compare(await _calls.CallAsync(nameof(IClusterGrain), AskAsync, new TimeLimit(AgreementLimit, time), CancellationToken.None));
        logger.ClusterAgreed(options.Value.ShardBits, version.Written);
        _completion.TrySetResult();
    }

    private ValueTask<ClusterTerms> AskAsync() => grains.GetGrain<IClusterGrain>(GrainKeys.Singleton)
        .JoinAsync(options.Value.Settings, silo.SiloAddress, version.Known);

    private void Compare(ClusterTerms terms)
    {
        var written = terms.StateVersion;
        version.Check(written, StateNames.Cluster);
        if (written > version.Known)
        {
            throw new InvalidOperationException(
                $"Kad:Cluster:StateVersion is {version.Known}, but this cluster writes version {written} already, which never falls: remove the setting, or set it to {written} or more.");
        }

        if (terms.Settings.FindDifference(options.Value.Settings) is { } difference)
        {
            throw new InvalidOperationException(difference);
        }
    }
}

/// <summary>Tells the cluster again and again which schema version this silo knows, and hears which one is written.</summary>
internal sealed class StateVersionService(
    ClusterAgreement agreement,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    ILogger<StateVersionService> logger) : BackgroundService
{
    /// <summary>The grain that counts silos forgets them when it moves; this long later it knows all of them again.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        string? refusal = null;
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            if (!agreement.Completion.IsCompletedSuccessfully)
            {
                continue;
            }

            try
            {
                await agreement.JoinAsync();
            }
            catch (InvalidOperationException e)
            {
                // The settings were fixed while this silo ran: it is refused at its next start, and one line is enough until then.
                if (e.Message != refusal)
                {
                    logger.SettingsDiffer(refusal = e.Message);
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                logger.StateVersionNotTold(e.Message);
            }
        }
    }
}
