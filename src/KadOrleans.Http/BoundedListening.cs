using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;

namespace KadOrleans.Http;

/// <summary>
/// Accepts no connection while as many are open as the server allows: further ones wait in the system. The server's own bound closes what was
/// accepted, after it took a file each, and a process that has no file left ends.
/// </summary>
internal sealed class BoundedListening(
    IOptions<SocketTransportOptions> sockets, ILoggerFactory loggers, IOptions<KestrelServerOptions> server) : IConnectionListenerFactory
{
    private readonly SocketTransportFactory _inner = new(sockets, loggers);

    public static void AddTo(IServiceCollection services) => services.AddSingleton<IConnectionListenerFactory, BoundedListening>();

    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new Listener(await _inner.BindAsync(endpoint, cancellationToken), (int)(server.Value.Limits.MaxConcurrentConnections ?? int.MaxValue));

    private sealed class Listener(IConnectionListener inner, int most) : IConnectionListener
    {
        private readonly SemaphoreSlim _free = new(most);
        private readonly CancellationTokenSource _ended = new();

        public EndPoint EndPoint => inner.EndPoint;

        public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
        {
            try
            {
                using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _ended.Token);
                await _free.WaitAsync(either.Token);
            }
            catch (OperationCanceledException) when (_ended.IsCancellationRequested)
            {
                return null;
            }

            var accepted = await inner.AcceptAsync(cancellationToken);
            accepted?.ConnectionClosed.Register(static free => ((SemaphoreSlim)free!).Release(), _free);
            return accepted;
        }

        public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
        {
            await _ended.CancelAsync();
            await inner.UnbindAsync(cancellationToken);
        }

        // A connection may close later than this, so the semaphore is left to the collector.
        public async ValueTask DisposeAsync()
        {
            await _ended.CancelAsync();
            await inner.DisposeAsync();
        }
    }
}
