namespace KadOrleans.Lab;

/// <summary>The place that a store lives in: a folder, a cluster, or nothing at all. One store at a time is open in it.</summary>
public abstract class StoreHost<TStore> : IAsyncDisposable
{
    /// <summary>Opens the store, with what earlier ones left in this place if they last. The quota is that of keys.</summary>
    public abstract ValueTask<TStore> OpenAsync(StoreQuota quota);

    /// <summary>Closes the store and whatever it needs, so that it can be opened again.</summary>
    public abstract ValueTask CloseAsync();

    /// <summary>The present moment of the place, where it has one: <see cref="StoredValues.Now"/> when it is opened. It only goes on.</summary>
    public virtual void MoveTo(DateTimeOffset now)
    {
    }

    /// <summary>Passes the time after which gets see what puts of other keys evicted.</summary>
    public virtual Task SettleAsync() => Task.CompletedTask;

    /// <summary>Closes the store and removes the place.</summary>
    public virtual async ValueTask DisposeAsync()
    {
        await CloseAsync();
        GC.SuppressFinalize(this);
    }
}

public abstract class KeyStoreHost : StoreHost<IKeyStore>;

/// <summary>Tests of a store, each in a place of its own.</summary>
public abstract class StoreSuite<TStore> : IAsyncLifetime
{
    protected TStore Store { get; private set; } = default!;

    protected StoreHost<TStore> Place => field ??= CreateHost();

    protected abstract StoreHost<TStore> CreateHost();

    public async ValueTask InitializeAsync() => await OpenAsync(StoreQuota.Unlimited);

    protected async Task OpenAsync(StoreQuota quota) => Store = await Place.OpenAsync(quota);

    /// <summary>Closes the store and opens it again, by default without a quota.</summary>
    protected async Task ReopenAsync(StoreQuota? quota = null)
    {
        await Place.CloseAsync();
        await OpenAsync(quota ?? StoreQuota.Unlimited);
    }

    public async ValueTask DisposeAsync()
    {
        await Place.DisposeAsync();
        GC.SuppressFinalize(this);
    }
}
