namespace KadOrleans.Lab;

internal static class Starting
{
    /// <summary>Starts something, and disposes of it if it does not start.</summary>
    public static async Task<T> StartedAsync<T>(this T owner, Func<T, Task> start)
        where T : IAsyncDisposable
    {
        try
        {
            await start(owner);
            return owner;
        }
        catch
        {
            await owner.DisposeAsync();
            throw;
        }
    }
}
