using System.Reflection;
using Xunit.Sdk;
using Xunit.v3;

namespace KadOrleans.Silo.Tests.Storage;

/// <summary>Finds no test where the class' server is not there: a test that could never run is not counted as one that was left out.</summary>
public sealed class StorageFactDiscoverer : FactDiscoverer
{
    public override ValueTask<IReadOnlyCollection<IXunitTestCase>> Discover(
        ITestFrameworkDiscoveryOptions discoveryOptions, IXunitTestMethod testMethod, IFactAttribute factAttribute) =>
        testMethod.TestClass.Class.GetCustomAttribute<StorageServerAttribute>() is { IsThere: false }
            ? new([])
            : base.Discover(discoveryOptions, testMethod, factAttribute);
}
