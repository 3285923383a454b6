namespace KadOrleans.Silo.Tests.Storage;

/// <summary>The server that a class' storage needs.</summary>
[AttributeUsage(AttributeTargets.Class)]
public abstract class StorageServerAttribute : Attribute
{
    /// <summary>Whether this machine has it.</summary>
    public abstract bool IsThere { get; }
}
