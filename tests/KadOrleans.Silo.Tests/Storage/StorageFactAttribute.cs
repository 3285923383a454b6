using System.Runtime.CompilerServices;
using Xunit.v3;

namespace KadOrleans.Silo.Tests.Storage;

/// <summary>A test that is there where the server of its class' <see cref="StorageServerAttribute"/> is; elsewhere it does not exist.</summary>
[AttributeUsage(AttributeTargets.Method)]
[XunitTestCaseDiscoverer(typeof(StorageFactDiscoverer))]
public sealed class StorageFactAttribute(
    [CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
    : FactAttribute(sourceFilePath, sourceLineNumber);
