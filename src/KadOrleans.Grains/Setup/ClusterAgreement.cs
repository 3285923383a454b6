using Orleans.Configuration;

namespace KadOrleans.Grains;

// Compares a silo's ClusterId and settings with the cluster's, and takes its number of shards. If they do not fit, or another build wrote
// the cluster's state, the start fails. It compares twice. First it reads storage before the silo is active, so a refused silo never gets
// grains. Then, in the active silo, it calls the grain that fixes settings if there are none, and checks that its own storage has
// them. Before they agree, no shard, routing table or directory activates on the silo.
internal sealed class ClusterAgreement(
    IGrainFactory grains,
    IServiceProvider services,
    IOptions<KadClusterOptions> options,
    IOptions<ClusterOptions> cluster,
    ILocalSiloDetails silo,
    ClusterKeys keys,
    CallRules rules,
    SiloHandshakes handshakes,
    IClusterMembershipService membership,
    AskClock ask,
    ClusterShards shards,
    ClusterLimits limits,
    ClusterClock clock,
    [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time,
    ILogger<ClusterAgreement> logger)
    : ILifecycleParticipant<ISiloLifecycle>
{
    // The timeout of the first comparison. Storage that needs an active silo, such as the runtime's memory storage, cannot be read yet.
    private static readonly TimeSpan FirstReadTimeout = TimeSpan.FromSeconds(3);

    // How long the grain is called. After an outage of all silos calls go to its old activation until the old silos are declared dead.
    private static readonly TimeSpan AgreementLimit = TimeSpan.FromSeconds(60);

    // The others that are asked whether they have this silo's key.
    private const int MostAsked = 8;

    // How often a silo without a key connects to find out whether another one wants a key.
    private const int KeyTries = 2;

    // Above the second in which Orleans does not connect again where it failed to.
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromSeconds(1.2);

    private readonly GrainCalls _calls = new(time, logger);
    private readonly TaskCompletionSource _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when the settings agree. Fails if they do not.</summary>
    public Task Completion => _completion.Task;

    public void Participate(ISiloLifecycle observer)
    {
        observer.Subscribe(nameof(ClusterAgreement), ServiceLifecycleStage.ValidateInitialConnectivity, _ => RunAsync(CheckAsync));
        observer.Subscribe(nameof(ClusterAgreement), ServiceLifecycleStage.ValidateInitialConnectivity - 1, _ => RunAsync(CheckKeyAsync));
        observer.Subscribe(nameof(ClusterAgreement), ServiceLifecycleStage.Active, _ => RunAsync(AgreeAsync));
    }

    /// <summary>Compares this silo's settings with the cluster's, and takes its number of shards.</summary>
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

            // Observed here, as perhaps no caller awaits it.
            _ = _completion.Task.Exception;
            throw;
        }
    }

    private async Task CheckAsync()
    {
        if (await ReadAsync() is { RecordExists: true, State: { } stored })
        {
            Compare(stored.ToTerms(stored.IsDoubling ? 0 : null));
        }
    }

    // Null: it cannot be read now.
    private async Task<GrainState<ClusterState>?> ReadAsync()
    {
        var state = new GrainState<ClusterState>(new ClusterState());
        try
        {
            var storage = services.GetRequiredKeyedService<IGrainStorage>(GrainStorageName.Kad);
            var grainId = grains.GetGrain<IClusterGrain>(GrainKeys.Singleton).GetGrainId();
            await storage.ReadStateAsync(StateNames.Cluster, grainId, state).WaitAsync(FirstReadTimeout);
        }
        catch (Exception e)
        {
            // The grain is asked later, in the active silo.
            logger.SettingsNotRead(e.Message);
            return null;
        }

        StateSchema.Check(state.RecordExists ? state.State : null, StateNames.Cluster);
        return state;
    }

    private async Task AgreeAsync()
    {
        Compare(await _calls.CallAsync(nameof(IClusterGrain), AskAsync, new TimeLimit(AgreementLimit, time), CancellationToken.None));

        // The grain has written its state by now. Shards would be empty on a silo with another storage than the others have.
        if (await ReadAsync() is { RecordExists: false })
        {
            throw new InvalidOperationException(
                $"Kad:Storage: other silos of this cluster have another grain storage, as this one's lacks the state {StateNames.Cluster}; give all silos the same storage and Orleans:ServiceId (a second cluster needs an Orleans:ClusterId of its own too), and on Azure the same Kad:Azure:GrainStorage.");
        }

        await limits.BeginAsync();
        await clock.AgreeAsync();
        logger.ClusterAgreed(shards.Layout.Bits, StateSchema.Version);
        _completion.TrySetResult();
    }

    // Before Orleans looks whether the active silos answer, which it would for minutes. Without a key a silo cannot tell another one from a
    // stranger that claims to be one. With another key than all others it is of no cluster; of one silo's port alone somebody else may have
    // taken the address.
    private async Task CheckKeyAsync()
    {
        if (await FindOthersAsync() is not { Length: > 0 } others)
        {
            return;
        }

        if (rules.AreCallsRefused && keys.Silo.Count == 0)
        {
            throw new InvalidOperationException(
                $"{KeySettings.Silo} is not set, and the silo {others[0]} runs in this cluster: several silos whose gateways other machines reach need one, the same on all.");
        }

        var failures = await Task.WhenAll(others.Select(FindFailureAsync));
        if (failures[0] is { } failure && !failures.Contains(null))
        {
            // What names the key is a wrong setting; another kind of port or cluster may be of somebody who has taken the address.
            throw new InvalidOperationException(failure.Contains(KeySettings.Silo, StringComparison.Ordinal) ? $"{KeySettings.Silo}: {failure}" : failure);
        }
    }

    // Why another silo is a stranger; null if it is none, or not there. Without a key there is no handshake, and who wants one ends the connection
    // without a word. To a greeting it answers.
    private async Task<string?> FindFailureAsync(SiloAddress other)
    {
        if (await AnswersAsync(other))
        {
            return null;
        }

        using var asking = keys.Silo.Count == 0 ? handshakes.AskForKey(other.Endpoint) : null;
        for (var tries = 0; asking is not null && tries < KeyTries && handshakes.FindFailure(other.Endpoint) is null; tries++)
        {
            await Task.Delay(ReconnectDelay);
            if (await AnswersAsync(other))
            {
                return null;
            }
        }

        return handshakes.FindFailure(other.Endpoint);
    }

    private async Task<bool> AnswersAsync(SiloAddress other)
    {
        try
        {
            await ask(other).WaitAsync(FirstReadTimeout);
            return true;
        }
        catch (Exception e) when (e is TimeoutException || GrainCalls.IsTransient(e))
        {
            // It may be stopping. The cluster's settings are asked for later.
            logger.SettingsNotRead(e.Message);
            return false;
        }
    }

    private async Task<SiloAddress[]> FindOthersAsync()
    {
        try
        {
            await membership.Refresh().AsTask().WaitAsync(FirstReadTimeout);
        }
        catch (Exception e)
        {
            // What is known decides: Orleans reads the table on.
            logger.SettingsNotRead(e.Message);
        }

        return
        [
            .. membership.CurrentSnapshot.Members.Values
                .Where(member => member.Status == SiloStatus.Active && !member.SiloAddress.Equals(silo.SiloAddress))
                .Select(member => member.SiloAddress).Take(MostAsked),
        ];
    }

    private ValueTask<ClusterTerms> AskAsync() => grains.GetGrain<IClusterGrain>(GrainKeys.Singleton)
        .JoinAsync(options.Value.SettingsOr(shards.Layout.FirstBits));

    private void Compare(ClusterTerms terms)
    {
        // A silo that names no number of shards takes the cluster's, and keeps that one.
        var own = options.Value.SettingsOr(Completion.IsCompletedSuccessfully ? shards.Layout.FirstBits : terms.Settings.ShardBits);
        if (terms.FindDifference(cluster.Value.ClusterId, own) is { } difference)
        {
            throw new InvalidOperationException(difference);
        }

        shards.Record(terms.Settings.Layout, terms.Split);
    }
}
