using KadOrleans.Core.Admission;

namespace KadOrleans.Node.Trust;

/// <summary>The bans that a node follows now. Receiving threads read the newest set without a lock.</summary>
internal sealed class BansInForce
{
    private volatile BanSet _set = BanSet.Empty;

    /// <summary>The bans.</summary>
    public BanSet Set
    {
        get => _set;
        set => _set = value;
    }
}
