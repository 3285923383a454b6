namespace KadOrleans.Wire;

/// <summary>The five calls by their names on the wire, which are case sensitive, and their argument counts.</summary>
internal static class RequestFunction
{
    private static ReadOnlySpan<byte> Ping => "ping"u8;

    private static ReadOnlySpan<byte> Stun => "stun"u8;

    private static ReadOnlySpan<byte> Store => "store"u8;

    private static ReadOnlySpan<byte> FindNode => "find_node"u8;

    private static ReadOnlySpan<byte> FindValue => "find_value"u8;

    /// <summary>The name that is written.</summary>
    public static ReadOnlySpan<byte> NameOf(RequestKind kind) => kind switch
    {
        RequestKind.Ping => Ping,
        RequestKind.Stun => Stun,
        RequestKind.Store => Store,
        RequestKind.FindNode => FindNode,
        _ => FindValue,
    };

    /// <summary>How many arguments the call takes, exactly.</summary>
    public static int ArgumentCountOf(RequestKind kind) => kind switch
    {
        RequestKind.Stun => 0,
        RequestKind.Ping => 1,
        RequestKind.Store => 3,
        _ => 2,
    };

    /// <summary>Finds the call of that name.</summary>
    public static bool TryFind(ReadOnlySpan<byte> name, out RequestKind kind)
    {
        for (kind = RequestKind.Ping; kind <= RequestKind.FindValue; kind++)
        {
            if (name.SequenceEqual(NameOf(kind)))
            {
                return true;
            }
        }

        return false;
    }
}
