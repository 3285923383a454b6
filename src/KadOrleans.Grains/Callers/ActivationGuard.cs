using System.Diagnostics.CodeAnalysis;
using Orleans.Core.Internal;
using Orleans.Metadata;

namespace KadOrleans.Grains;

// Runs before a grain is activated, which is before the filters see the call that causes it: no grain of a made-up key is activated, no
// activation sees proof or key, and those that strangers cause are bounded.
internal sealed class ActivationGuard(CallerProofs proofs, StrangersActivations strangers, GrainClassMap classes) : IConfigureGrainContextProvider
{
    public bool TryGetConfigurator(GrainType grainType, GrainProperties properties, [NotNullWhen(true)] out IConfigureGrainContext? configurator)
    {
        configurator = classes.TryGetGrainClass(grainType, out var grain) ? new Guard(grain, proofs, strangers) : null;
        return configurator is not null;
    }

    private sealed class Guard(Type grain, CallerProofs proofs, StrangersActivations strangers) : IConfigureGrainContext
    {
        public void Configure(IGrainContext context)
        {
            if (!KnownKeys.Has(grain, context.GrainId))
            {
                throw new ArgumentException($"The grain {VisibleText.Excerpt(context.GrainId.ToString())} does not exist: its kind has no such key.");
            }

            // The workers of a stateless grain, which are activated, have a context each, and share one, which is not.
            if (context is IGrainManagementExtension)
            {
                var activation = new Activation(context, KnownKeys.AreFew(grain), proofs, strangers);
                context.ObservableLifecycle.Subscribe(nameof(ActivationGuard), GrainLifecycleStage.First, activation);
                context.ObservableLifecycle.AddMigrationParticipant(activation);
            }
        }
    }

    // Few: the cluster bounds their number. Ended while it loads, a shard would load anew for the calls of others in its queue.
    private sealed class Activation(IGrainContext context, bool areFew, CallerProofs proofs, StrangersActivations strangers)
        : ILifecycleObserver, IGrainMigrationParticipant
    {
        private bool _isMoved;

        // Not asynchronous: what is taken out is gone from the activation's own context.
        public Task OnStart(CancellationToken cancellationToken = default)
        {
            if (proofs.TakeCaller() == Callers.Clients && proofs.AreRequired && !_isMoved && !areFew)
            {
                strangers.Add(context);
            }

            return Task.CompletedTask;
        }

        public Task OnStop(CancellationToken cancellationToken = default)
        {
            strangers.Remove(context);
            return Task.CompletedTask;
        }

        public void OnDehydrate(IDehydrationContext dehydrationContext)
        {
        }

        // Only another silo moves an activation here.
        public void OnRehydrate(IRehydrationContext rehydrationContext) => _isMoved = true;
    }
}
