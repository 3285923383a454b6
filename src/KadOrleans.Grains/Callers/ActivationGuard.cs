using System.Diagnostics.CodeAnalysis;
using Orleans.Core.Internal;
using Orleans.Metadata;

namespace KadOrleans.Grains;

// Runs before a grain is activated, which is before the filters see the call that causes it: no grain of a made-up key is activated, and no
// activation sees a proof, or passes on what came with the call.
internal sealed class ActivationGuard(CallerProofs proofs, GrainClassMap classes) : IConfigureGrainContextProvider
{
    public bool TryGetConfigurator(GrainType grainType, GrainProperties properties, [NotNullWhen(true)] out IConfigureGrainContext? configurator)
    {
        configurator = classes.TryGetGrainClass(grainType, out var grain) ? new Guard(grain, proofs) : null;
        return configurator is not null;
    }

    private sealed class Guard(Type grain, CallerProofs proofs) : IConfigureGrainContext
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
                var activation = new Activation(proofs, CallPolicy.IsOurs(grain));
                context.ObservableLifecycle.Subscribe(nameof(ActivationGuard), GrainLifecycleStage.First, activation);
                context.ObservableLifecycle.AddMigrationParticipant(activation);
            }
        }
    }

    // It takes part in migrations as Orleans moves no activation of a silo that stops which nothing takes part in, also if it carries nothing along.
    private sealed class Activation(CallerProofs proofs, bool isOurs) : ILifecycleObserver, IGrainMigrationParticipant
    {
        // Not asynchronous: what is taken out is gone from the activation's own context.
        public Task OnStart(CancellationToken cancellationToken = default)
        {
            proofs.TakeSilo();
            if (isOurs)
            {
                CallContext.Clear();
            }

            return Task.CompletedTask;
        }

        public Task OnStop(CancellationToken cancellationToken = default) => Task.CompletedTask;

        public void OnDehydrate(IDehydrationContext dehydrationContext)
        {
        }

        public void OnRehydrate(IRehydrationContext rehydrationContext)
        {
        }
    }
}
