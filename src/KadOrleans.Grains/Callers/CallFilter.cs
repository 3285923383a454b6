namespace KadOrleans.Grains;

// Refuses calls by CallPolicy. Who calls is known by a proof or key alone (CallerProofs), never by the id that the caller gives itself.
internal sealed class CallFilter(
    CallerProofs proofs, UnprovenSilos unproven, StrangersActivations strangers, IOptions<KadClusterOptions> options) : IIncomingGrainCallFilter
{
    /// <summary>How Orleans begins the name of the client within a silo. Any client may be named so.</summary>
    public static ReadOnlySpan<byte> HostedName => "hosted-"u8;

    private readonly CallPolicy _policy = new(options.Value.OpenAssemblies);

    public Task Invoke(IIncomingGrainCallContext context)
    {
        var caller = proofs.TakeCaller();
        if (!proofs.AreRequired)
        {
            return context.Invoke();
        }

        var open = _policy.Of(context.InterfaceMethod, context.Grain?.GetType());
        if (caller <= open || IsOwnObserver(context))
        {
            // What Orleans' own library calls of each grain keeps no activation.
            if (caller != Callers.Clients || _policy.Opens(context.InterfaceMethod, context.Grain?.GetType()))
            {
                strangers.Remove(context.TargetContext);
            }

            return context.Invoke();
        }

        return caller != Callers.Silos && IsNamedAsSilo(context.SourceId) ? CheckSiloAsync(context, open) : throw Refused(context, open, isNamedAsSilo: false);
    }

    // An object of this silo's own client, such as the observer of an edge within the silo. Silos prove nothing to clients, as a client may
    // be a stranger's; who knows the observer's random id was told it.
    private static bool IsOwnObserver(IIncomingGrainCallContext context) =>
        context.TargetId.IsClient() && context.InterfaceMethod.DeclaringType is { } type && CallPolicy.IsOurs(type);

    // Only a hint: a silo of a build of before proofs calls so, perhaps with the proof of an edge that called it and that it did not take
    // out, and so does whoever likes to.
    private static bool IsNamedAsSilo(GrainId? source) =>
        source is not { } id || !id.IsClient() || id.Key.AsSpan().StartsWith(HostedName);

    private async Task CheckSiloAsync(IIncomingGrainCallContext context, Callers open)
    {
        if (!await unproven.ExistAsync(context.TargetId))
        {
            throw Refused(context, open, isNamedAsSilo: true);
        }

        strangers.Remove(context.TargetContext);
        await context.Invoke();
    }

    private CallRefusedException Refused(IIncomingGrainCallContext context, Callers open, bool isNamedAsSilo)
    {
        var (whom, why) = open == Callers.Edges && !isNamedAsSilo
            ? ("edges", proofs.HasKey
                ? $", and the caller's {EdgeKey.Setting} is missing or differs from the silos'"
                : $", and the silos have no {EdgeKey.Setting}, which their gateway needs as other machines reach it")
            : ("silos", isNamedAsSilo ? $", and the caller does not prove that it is one: a silo needs the {EdgeKey.Setting} of the others" : string.Empty);
        return new($"{context.Request.GetInterfaceType().Name}.{context.MethodName} is open to {whom} alone{why}; clients use {nameof(IDht)}.");
    }
}
