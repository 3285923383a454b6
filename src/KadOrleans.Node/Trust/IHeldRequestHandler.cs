using KadOrleans.Node.Diagnostics;

namespace KadOrleans.Node.Trust;

/// <summary>Takes what becomes of held requests. Does not throw, as it is called on a timer's thread too.</summary>
internal interface IHeldRequestHandler
{
    /// <summary>The sender has proved its address.</summary>
    void Proceed(HeldRequest request);

    /// <summary>It has not, or the place was needed.</summary>
    void GiveUp(HeldRequest request, RefusalReason reason);
}
