namespace KadOrleans.Faults.Calls;

/// <summary>All calls, and their names in reports.</summary>
internal static class CallKinds
{
    /// <summary>All, in the order of reports.</summary>
    public static IReadOnlyList<CallKind> All { get; } = Enum.GetValues<CallKind>();

    /// <summary>The protocol's name.</summary>
    public static string NameOf(CallKind kind) => kind switch
    {
        CallKind.Ping => "PING",
        CallKind.FindNode => "FIND_NODE",
        CallKind.FindValue => "FIND_VALUE",
        _ => "STORE",
    };
}
