namespace KadOrleans.Fuzz;

/// <summary>A target survived a datagram, but something that must always hold does not.</summary>
internal sealed class InvariantException(string message) : Exception(message)
{
    /// <summary>Throws unless it holds.</summary>
    public static void Require(bool holds, string violation)
    {
        if (!holds)
        {
            throw new InvariantException(violation);
        }
    }
}
