namespace KadOrleans.Grains;

// Refuses calls by CallPolicy. That a silo calls is known by its proof alone (CallerProofs), never by the id that the caller gives itself.
internal sealed class CallFilter(CallerProofs proofs, CallRules rules, ManagementLog management, IOptions<KadClusterOptions> options)
    : IIncomingGrainCallFilter
{
    private readonly CallPolicy _policy = new(options.Value.OpenAssemblies, rules.IsGatewayUnproven);

    public Task Invoke(IIncomingGrainCallContext context)
    {
        var silo = proofs.TakeSilo();
        var rule = _policy.Of(context.InterfaceMethod, context.Grain?.GetType());
        var isRecorded = rule.IsManagement && ManagementLog.TakeMark();

        // Silos themselves send along what Orleans' own calls need, such as where a shard that moves is to go.
        if (rule.IsOurs || (rules.AreCallsRefused && silo is null && !rule.IsOfHost))
        {
            CallContext.Clear();
        }

        if (rules.AreCallsRefused && silo is null && rule.Callers == Callers.Silos && !IsOwnObserver(context))
        {
            throw Refused(context);
        }

        return rule.IsManagement && !isRecorded && silo is not null ? management.InvokeAsync(context, silo) : context.Invoke();
    }

    // An object of this silo's own client, such as the observer of an edge within the silo. Silos prove nothing to clients, as a client may
    // be a stranger's; who knows the observer's random id was told it.
    private static bool IsOwnObserver(IIncomingGrainCallContext context) =>
        context.TargetId.IsClient() && context.InterfaceMethod.DeclaringType is { } type && CallPolicy.IsOurs(type);

    // Of a type that clients without a package of this project can read too.
    private UnauthorizedAccessException Refused(IIncomingGrainCallContext context)
    {
        var type = context.Request.GetInterfaceType();
        var call = $"{type.Name}.{context.MethodName}";
        if (CallPolicy.FindClosed(type, context.Grain?.GetType()) is { } closed)
        {
            var assembly = closed.Assembly.GetName().Name;
            return new($"{call} is closed to clients: options.OpenAssemblies.Add(\"{assembly}\") of UseKadGrains opens the assembly of {closed.Name}, "
                + $"and so does Kad:Cluster:{nameof(KadClusterOptions.OpenAssemblies)}:0={assembly}.");
        }

        var isForEdges = rules.IsGatewayUnproven && CallPolicy.FindRole(context.InterfaceMethod) == Callers.Clients;
        var whom = isForEdges
            ? $"edges alone, and the silos have no {KeySettings.Gateway}, which a gateway needs that other machines reach"
            : "silos alone";
        return new($"{call} is open to {whom}; clients use {nameof(IDht)}.");
    }
}
