namespace KadOrleans.Grains;

/// <summary>Adds this silo's proof to its calls of grains and services.</summary>
internal sealed class SiloCallFilter(CallerProofs proofs, CallRules rules) : IOutgoingGrainCallFilter
{
    public Task Invoke(IOutgoingGrainCallContext context)
    {
        // Orleans calls filters within an asynchronous method of the call, so the grain's own request context stays as it is.
        if (context.TargetId.IsClient())
        {
            // Never to a client or its observer, which may be anybody's.
            RequestContext.Remove(CallProof.ContextKey);
        }
        else if (rules.AreCallsRefused)
        {
            RequestContext.Set(CallProof.ContextKey, proofs.Own);
        }

        return context.Invoke();
    }
}
