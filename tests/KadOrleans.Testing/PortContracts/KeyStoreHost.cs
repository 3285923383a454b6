namespace KadOrleans.Testing;

/// <summary>
/// The place that a key store lives in: a folder, a cluster, or nothing at all. One store at a time is open in it.
/// Disposal closes the store and removes the place.
/// </summary>
public abstract class KeyStoreHost : IAsyncDisposable
{
    /// <summary>Opens the store, with what earlier ones left in this place if they last.</summary>
    public abstract ValueTask<IKeyStore> OpenAsync(StoreQuota quota);

    /// <summary>The present moment of the place, where it has one: <see cref="StoredValues.Now"/> when it is opened. It only goes on.</summary>
    public virtual void MoveTo(DateTimeOffset now)
    {
    }

    /// <summary>Closes the store and whatever it needs, so that it can be opened again.</summary>
    public abstract ValueTask CloseAsync();

    public virtual async ValueTask DisposeAsync()
    {
        await CloseAsync();
        GC.SuppressFinalize(this);
    }
}

/// <summary>Tests of a key store, each in a place of its own.</summary>
public abstract class KeyStoreSuite : IAsyncLifetime
{
    protected KeyStoreHost Host => field ??= CreateHost();

    protected IKeyStore Store { get; private set; } = null!;

    protected abstract KeyStoreHost CreateHost();

    public virtual async ValueTask InitializeAsync() => await OpenAsync(StoreQuota.Unlimited);

    protected async Task OpenAsync(StoreQuota quota) => Store = await Host.OpenAsync(quota);

    /// <summary>Closes the store and opens it again, by default without a quota.</summary>
    protected async Task ReopenAsync(StoreQuota? quota = null)
    {
        await Host.CloseAsync();
        await OpenAsync(quota ?? StoreQuota.Unlimited);
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
