namespace KadOrleans.Transport.Udp.Tests;

internal static class Patience
{
    /// <summary>Longer than anything that works takes on a busy machine.</summary>
    internal static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
}
