namespace KadOrleans.Core;

internal static class Locks
{
    extension(Lock gate)
    {
        /// <summary>For what is read seldom: the function may be an object of its own.</summary>
        public T Read<T>(Func<T> read)
        {
            lock (gate)
            {
                return read();
            }
        }
    }
}
