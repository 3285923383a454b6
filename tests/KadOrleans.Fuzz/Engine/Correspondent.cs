using KadOrleans.Wire;

namespace KadOrleans.Fuzz.Engine;

/// <summary>What went to and came from one endpoint.</summary>
internal sealed class Correspondent
{
    public long BytesFrom { get; set; }

    /// <summary>Bytes of answers and pings.</summary>
    public long BytesTo { get; set; }

    /// <summary>Whether the node was told to ask it.</summary>
    public bool IsIntroduced { get; set; }

    /// <summary>Whether it answered a request of the node's.</summary>
    public bool IsVerified { get; set; }

    /// <summary>Requests that it sent and that no answer went out to.</summary>
    public List<(MessageId Id, RequestKind Kind)> Asked { get; } = [];

    /// <summary>Pings that a lookup may send it: one with its request, and its retry.</summary>
    public int LookupPings { get; set; }

    /// <summary>Whether a ping is that of a lookup.</summary>
    public bool TakeLookupPing()
    {
        if (LookupPings == 0)
        {
            return false;
        }

        LookupPings--;
        return true;
    }
}
