namespace KadOrleans.Lab;

/// <summary>The protocol's calls, in the order of reports.</summary>
public enum CallKind
{
    Ping,
    FindNode,
    FindValue,
    Store,
}

/// <summary>All calls, and their names in reports.</summary>
internal static class CallKinds
{
    public static IReadOnlyList<CallKind> All { get; } = Enum.GetValues<CallKind>();

    public static string NameOf(CallKind kind) => JsonNamingPolicy.SnakeCaseUpper.ConvertName(kind.ToString());
}
