using System.Reflection;

namespace KadOrleans.Lab;

/// <summary>Stand-ins for interfaces: each call goes to one function, which gets the method's name and the arguments.</summary>
public static class Fake
{
    public static T Of<T>(Func<string, object?[], object?> answer)
        where T : class
    {
        var fake = DispatchProxy.Create<T, FakeProxy>();
        ((FakeProxy)(object)fake).Answer = answer;
        return fake;
    }
}

/// <inheritdoc cref="Fake"/>
public class FakeProxy : DispatchProxy
{
    internal Func<string, object?[], object?> Answer { get; set; } = static (_, _) => null;

    protected override object? Invoke(MethodInfo? targetMethod, object?[]? args) => Answer(targetMethod!.Name, args ?? []);
}
