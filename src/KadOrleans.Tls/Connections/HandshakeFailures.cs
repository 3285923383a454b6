using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Tls.Connections;

/// <summary>
/// Takes up why a handshake failed: Orleans only logs that, with a stack trace for each connection and without its address. It
/// stands in for the builder of connections, with itself as the log of what is added by it.
/// </summary>
internal sealed class HandshakeFailures(IConnectionBuilder builder) : IConnectionBuilder, IServiceProvider, ILoggerFactory, ILogger
{
    public IServiceProvider ApplicationServices => this;

    public ConnectionDelegate Build() => builder.Build();

    public IConnectionBuilder Use(Func<ConnectionDelegate, ConnectionDelegate> middleware) => builder.Use(middleware);

    public object? GetService(Type serviceType) =>
        serviceType == typeof(ILoggerFactory) ? this : builder.ApplicationServices.GetService(serviceType);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (exception is not null)
        {
            Handshake.Current?.Fail(exception);
        }
    }

    public void Dispose()
    {
        // It holds nothing.
    }
}
