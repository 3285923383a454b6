namespace KadOrleans.Grains.Storage;

/// <summary>The record in storage is not the one that was to be replaced: another activation wrote it.</summary>
internal sealed class StorageConflictException : Exception
{
    public StorageConflictException()
    {
    }

    public StorageConflictException(string message)
        : base(message)
    {
    }

    public StorageConflictException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
