namespace KadOrleans.Grains.Abstractions.Access;

/// <summary>A process outside the silos made a call that it may not make. A retry fails again.</summary>
[GenerateSerializer]
[Alias("kad.CallRefusedException")]
internal sealed class CallRefusedException : Exception
{
    /// <summary>A refused call.</summary>
    public CallRefusedException()
        : base("The call is not open to this process.")
    {
    }

    /// <summary>A refused call, explained, with its cause if there is one.</summary>
    public CallRefusedException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
