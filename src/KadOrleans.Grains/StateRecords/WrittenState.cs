namespace KadOrleans.Grains;

/// <summary>
/// A grain's state as storage has it. What is being written is not seen before it is stored, and not at all if its write fails. After a write
/// that failed, storage may have it even so: <see cref="ConfirmAsync"/> reads the state before the next change, as <see cref="WriteAsync"/> would
/// otherwise meet an ETag that it does not know. One write at a time.
/// </summary>
internal sealed class WrittenState<T>(IPersistentState<T> stored, string name)
    where T : class, IVersionedState
{
    private T? _value;
    private bool _isInDoubt;

    /// <summary>What storage had last; a state without content if it had none.</summary>
    public T Value => _value ?? throw new InvalidOperationException($"The state {name} is used before its grain is active.");

    /// <summary>Whether storage had one.</summary>
    public bool Exists { get; private set; }

    /// <summary>Takes what was read when the grain was activated.</summary>
    /// <exception cref="InvalidOperationException">Another build wrote it.</exception>
    public void Load()
    {
        StateSchema.Check(stored.State, name);
        (_value, Exists) = (stored.State, stored.RecordExists);
    }

    /// <summary>Reads the state if the outcome of the last write is unknown, or if another activation wrote it.</summary>
    public async Task ConfirmAsync()
    {
        if (_isInDoubt)
        {
            await stored.ReadStateAsync();
            Load();
            _isInDoubt = false;
        }
    }

    /// <summary>Replaces the state, which is another object.</summary>
    /// <exception cref="Exception">Storage failed, or has another state (<see cref="WriteOutcome.IsConflict"/>): the value is as it was.</exception>
    public async Task WriteAsync(T changed)
    {
        stored.State = changed;
        try
        {
            await stored.WriteStateAsync();
            (_value, Exists) = (changed, true);
        }
        catch
        {
            (stored.State, _isInDoubt) = (Value, true);
            throw;
        }
    }
}
